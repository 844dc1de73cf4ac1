import { sleep } from '../sleep'

interface SecondLookParts {
  /** Looks whether the database was changed. */
  readonly look: () => Promise<unknown>
  readonly now: () => number
}

/** The database is asked so often at most, however many present what nobody knows. */
const APART_MS = 250
/** How long somebody waits for its answer, and how many wait. */
const PATIENCE_MS = 1_500
const MOST_WAITING = 200
const POLL_MS = 25
/** A look may have ended without a word, as on Workers. */
const LONGEST_LOOK_MS = 10_000

/**
 * Looks at the database once more before something is refused that another instance may have made a moment
 * ago. Those who wait share looks, but no promises: on Workers none of another request comes true.
 */
export function createSecondLook({ look, now }: SecondLookParts) {
  let begunAt = Number.NEGATIVE_INFINITY
  let isLooking = false
  /** When the last look was begun that has come to an end. */
  let seenAt = Number.NEGATIVE_INFINITY
  let waiting = 0

  async function begin(at: number): Promise<void> {
    begunAt = at
    isLooking = true
    try {
      await Promise.race([look(), sleep(PATIENCE_MS)])
      seenAt = Math.max(seenAt, at)
    } catch {
      // Whoever looks says in the log that it was in vain.
    } finally {
      isLooking = false
    }
  }

  /** Resolves when what there was at the call is known, or when that cannot be found out soon. */
  return async (): Promise<void> => {
    const calledAt = now()
    if (waiting >= MOST_WAITING) return
    waiting++
    try {
      for (let at = calledAt; seenAt < calledAt && at - calledAt < PATIENCE_MS; at = now()) {
        const isFree = !isLooking || at - begunAt > LONGEST_LOOK_MS
        if (isFree && at - begunAt >= APART_MS) await begin(at)
        else await sleep(POLL_MS)
      }
    } finally {
      waiting--
    }
  }
}

export type SecondLook = ReturnType<typeof createSecondLook>
