import type { Log } from '../log'
import type { CleaningStore } from '../store/cleaning'
import type { Settings } from '../store/settings'

interface CleaningParts {
  readonly store: CleaningStore
  readonly settings: () => Settings
  readonly now: () => number
  readonly random: () => number
  readonly log: Log
}

const HOUR_MS = 3_600_000
/** Not at the start, when there is enough to do, and not in all instances at once. */
const FIRST_MS = 300_000
/** Between two steps others come to the database. */
const PAUSE_MS = 5

/** Removes what is older than the settings keep, about once an hour. */
export function createCleaning({ store, settings, now, random, log }: CleaningParts) {
  let dueAt: number | undefined
  let abort: AbortController | undefined

  /** Whether it is time again. */
  function isDue(): boolean {
    dueAt ??= now() + FIRST_MS * (1 + random())
    return settings().cleaning && now() >= dueAt
  }

  /**
   * Clean now, and say how many rows are gone. It ends early when the signal says so, and may be
   * begun again at any time.
   */
  async function run(
    signal: AbortSignal,
    onProgress: (done: number, total: number) => void = () => {},
  ): Promise<number> {
    dueAt = now() + HOUR_MS * (1 + random() / 4)
    const sweeps = await store.sweeps(settings())
    let total = sweeps.reduce((sum, { expected }) => sum + expected, 0)
    let done = 0
    for (const { step } of sweeps)
      for (let more = true; more && !signal.aborted; ) {
        const removed = await step()
        more = removed.more
        done += removed.rows
        total = Math.max(total, done)
        if (removed.rows > 0) onProgress(done, total)
        if (more) await sleep(PAUSE_MS)
      }
    if (done > 0) log.info('cleaned', { rows: done })
    return done
  }

  return {
    isDue,
    run,

    /** Clean if it is time. */
    async runWhenDue(): Promise<void> {
      if (!isDue()) return
      abort = new AbortController()
      await run(abort.signal)
    },

    /** End what `runWhenDue` began. */
    stop(): void {
      abort?.abort()
    },
  }
}

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))
