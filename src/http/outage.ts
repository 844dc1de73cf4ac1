import type { Silence } from '../store/allowances'
import { type Counter, isCounted } from './counter'
import { windowAt } from './window'

interface OutageParts {
  /** How many instances live, this one among them; undefined where nobody counts them. */
  readonly rivals: (() => number) | undefined
  readonly zoneMinutes: () => number
}

/** What an instance holds returns by itself so long after its last word. */
export const EXPIRY_MS = 20_000
/** Who holds something ahead of need speaks more often than that. */
const SILENT_MS = 6_500
/** When the database is back, whoever lives has told by then what it used without it. */
const TELL_MS = 12_000

/**
 * How limits hold while the database is away: each instance has its part of what was left, and takes what
 * others have not told yet for taken, until they tell.
 */
export function createOutages({ rivals, zoneMinutes }: OutageParts) {
  /** Counts the times in which the database was away. */
  let number = 0
  let from = 0
  let until = 0
  /** When it was back; undefined while it is away, or has never been. */
  let backAt: number | undefined
  let isAway = false

  const living = (counter: Counter): number => Math.max(1, rivals?.() ?? counter.rivals + 1)

  /** Our part of what was left when the database was last there. */
  function fairShare(counter: Counter): number {
    const { limit, others, granted, pace, heardAt } = counter
    const since = Number.isFinite(heardAt) ? pace * Math.max(0, from - heardAt) : 0
    return Math.floor(Math.max(0, limit - others - granted - since) / living(counter))
  }

  const wasThere = ({ bucket, window }: Counter): boolean =>
    isAway || windowAt(bucket, until, zoneMinutes()).number === window

  /** Find out once for each time what everybody may have taken. */
  function note(counter: Counter): void {
    if (counter.outage === number || !(isAway || backAt !== undefined) || !wasThere(counter)) return
    counter.outage = number
    const share = fairShare(counter)
    counter.share += share
    counter.alone = counter.granted + share
  }

  return {
    note,

    /** The database did not answer a question of that time. */
    begin(at: number): void {
      until = at
      if (isAway) return
      isAway = true
      number++
      if (backAt === undefined) from = at
      backAt = undefined
    },

    /** It answers. */
    end(at: number): void {
      if (isAway) backAt = at
      isAway = false
    },

    /** What others may not have told yet, and how many they are. */
    silence: (): { readonly silence?: Silence; readonly expected?: number } =>
      !isAway && backAt === undefined
        ? {}
        : {
            silence: { from: from - SILENT_MS, until },
            expected: Math.max(0, (rivals?.() ?? 1) - 1),
          },

    /** Whether everybody who lives has told. */
    isTold: (at: number): boolean => backAt !== undefined && at - backAt >= TELL_MS,

    /** Forget the last time. */
    forget(): void {
      backAt = undefined
    },

    /** Let an instance use its part of a limit. Slots of others are given up after a while. */
    goAlone(counter: Counter, at: number): void {
      note(counter)
      const { limit, used, reserved, heardAt, alone = counter.granted } = counter
      const isLate = !isCounted(counter) && at - heardAt >= EXPIRY_MS
      const most = isLate ? Math.max(1, Math.floor(limit / living(counter))) : alone
      counter.granted = Math.max(used + reserved, most)
    },
  }
}
