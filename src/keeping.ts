import { faultFields } from './log'
import type { Platform } from './platform'
import type { Kept } from './store/kept-snapshot'
import type { Snapshot } from './store/snapshot'
import type { DatabaseWatch } from './store/watch'

/** Where what turns need is kept beside an instance. */
export interface Keeping {
  readonly write: (kept: Kept) => Promise<void>
  /** Note that what was written is still true. */
  readonly confirm: (at: number) => Promise<void>
}

interface KeepingParts {
  readonly platform: Pick<Platform, 'now' | 'later' | 'log' | 'keeping'>
  readonly database: DatabaseWatch
  readonly snapshot: () => Snapshot | undefined
  readonly age: () => number
  /** Everything else that is worth keeping. */
  readonly rest: () => Omit<Kept, 'at' | 'snapshot'>
}

/** What operators changed is written so soon after the last time, what upstreams said so soon. */
const SOON_MS = 3_000
const NOW_AND_THEN_MS = 60_000
/** Where it fails again and again it is tried ever later, up to that. */
const LATE_MS = 60_000
/** Where writing takes long there is much of it: it may take this part of the time. */
const PART = 50
/** How old what is confirmed may be. */
const TRUE_MS = 10_000

/** Keeps what turns need beside the instance, for a start while the database is away. */
export function createKeeping({ platform, database, snapshot, age, rest }: KeepingParts) {
  const { now, later, log, keeping } = platform
  let written: Snapshot | undefined
  let nextAt = Number.NEGATIVE_INFINITY
  let allAt = Number.NEGATIVE_INFINITY
  let isWriting = false
  /** How often in a row it could not be written. */
  let failures = 0

  async function write(keeper: Keeping, current: Snapshot): Promise<void> {
    const begun = now()
    isWriting = true
    try {
      await keeper.write({ at: begun - Math.max(0, age()), snapshot: current, ...rest() })
      written = current
      failures = 0
    } catch (cause) {
      failures++
      log.warn('snapshot_not_kept', faultFields(cause))
    } finally {
      isWriting = false
      const took = (now() - begun) * PART
      const patienceMs = Math.min(LATE_MS, SOON_MS * 2 ** Math.max(0, failures - 1))
      nextAt = now() + Math.max(patienceMs, took)
      allAt = now() + Math.max(NOW_AND_THEN_MS, took)
    }
  }

  return {
    /** Keep what has changed. To be called every few seconds. */
    look(): void {
      const current = snapshot()
      if (!keeping || !current || isWriting || !database().up || age() > TRUE_MS) return
      if (now() < nextAt) return
      if (current !== written || now() >= allAt) {
        later(write(keeping, current))
        return
      }
      nextAt = now() + SOON_MS
      later(keeping.confirm(now() - Math.max(0, age())).catch(() => undefined))
    },
  }
}
