import type { Allowances, Taken } from '../store/allowances'
import type { Counter } from './counter'
import { notePace } from './slices'
import { windowAt } from './window'

interface OverheardParts {
  readonly allowances: Pick<Allowances, 'taken'>
  readonly instance: () => string
  readonly now: () => number
  readonly zoneMinutes: () => number
  readonly counterOf: (taken: Taken) => Counter | undefined
}

/** Who has just started looks so far back. */
const FIRST_MS = 3_600_000
/** Clocks may differ, and answers be late. */
const MARGIN_MS = 2_000
/** Limits that are told at once, and kept in mind. */
const PAGE = 10_000
const MOST = 50_000

const nameOf = ({ keyId, bucket }: Pick<Taken, 'keyId' | 'bucket'>): string => `${keyId} ${bucket}`

/**
 * What others take of limits that are not used here, so that this instance knows what is left if turns come
 * when the database is away.
 */
export function createOverheard(parts: OverheardParts) {
  const { allowances, instance, now, zoneMinutes, counterOf } = parts
  const known = new Map<string, Taken>()
  let lookedAt: number | undefined

  function forgetOld(at: number) {
    const zone = zoneMinutes()
    for (const [name, { bucket, window }] of known)
      if (windowAt(bucket, at, zone).number > window || known.size > MOST) known.delete(name)
  }

  return {
    /** Whether it is time to look, where that is to be done so often; the first time it always is. */
    isDue: (at: number, everyMs: number): boolean =>
      lookedAt === undefined || at - lookedAt >= everyMs,

    /** Look what others took since the last time. */
    async look(at: number): Promise<void> {
      const since = Math.max(at - FIRST_MS, (lookedAt ?? 0) - MARGIN_MS)
      const found = await allowances.taken(instance(), since, PAGE)
      lookedAt = at
      for (const taken of found) {
        known.delete(nameOf(taken))
        known.set(nameOf(taken), taken)
        const counter = counterOf(taken)
        if (!counter || counter.heardAt >= at) continue
        counter.others = taken.taken
        counter.heardAt = at
        notePace(counter, now())
      }
      forgetOld(at)
    },

    /** Tell a new counter what others have taken. */
    remind(counter: Counter): void {
      const taken = known.get(nameOf(counter))
      if (taken?.window === counter.window) counter.others = taken.taken
    },
  }
}
