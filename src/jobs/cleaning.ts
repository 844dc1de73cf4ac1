import type { Log } from '../log'
import { sleep } from '../sleep'
import type { CleaningStore } from '../store/cleaning'
import type { Settings } from '../store/settings'
import type { Job } from './runner'

interface CleaningParts {
  readonly store: CleaningStore
  readonly settings: () => Settings
  readonly log: Log
}

const HOUR_MS = 3_600_000
/** Between two steps others come to the database. */
const PAUSE_MS = 5

/** Removes what is older than the settings keep, about once an hour, for all instances together. */
export const createCleaning = ({ store, settings, log }: CleaningParts): Job => ({
  name: 'cleaning',
  isOn: () => settings().cleaning,
  everyMs: () => HOUR_MS,

  /** Ends early when the signal says so, and may be begun again at any time. */
  async run(signal, progress) {
    const sweeps = await store.sweeps(settings())
    let total = sweeps.reduce((sum, { expected }) => sum + expected, 0)
    let done = 0
    for (const { step } of sweeps)
      for (let more = true; more && !signal.aborted; ) {
        const removed = await step()
        more = removed.more
        done += removed.rows
        total = Math.max(total, done)
        if (removed.rows > 0) progress(done, total)
        if (more) await sleep(PAUSE_MS)
      }
    if (done > 0) log.info('cleaned', { rows: done })
  },
})
