import { TimeUp } from './http'

interface DeadlineParts {
  readonly abort: AbortController
  readonly now: () => number
  /** How long everything may take together, in milliseconds. */
  readonly totalMs: number
}

/**
 * Aborts a call that keeps us waiting. However often the limit moves there is one timer, which looks
 * again when it fires, so that moving the limit costs two numbers.
 */
export function createDeadline({ abort, now, totalMs }: DeadlineParts) {
  const last = now() + totalMs
  let due = last
  let message = ''
  let firesAt = Number.POSITIVE_INFINITY
  let timer: ReturnType<typeof setTimeout> | undefined

  function arm() {
    clearTimeout(timer)
    firesAt = due
    timer = setTimeout(look, Math.max(due - now(), 1))
  }

  function look() {
    if (now() < due) return arm()
    abort.abort(new TimeUp(due === last ? 'The answer took too long.' : message))
  }

  return {
    /** From now on we wait for the upstream, and so long at most. */
    waitFor(ms: number, why: string): void {
      due = Math.min(now() + ms, last)
      message = why
      if (due < firesAt) arm()
    },

    /** We no longer wait for the upstream: only the whole may still take too long. */
    pause(): void {
      due = last
    },

    /** Nothing is to come any more. */
    end(): void {
      clearTimeout(timer)
    },
  }
}

export type Deadline = ReturnType<typeof createDeadline>
