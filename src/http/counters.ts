import { sleep } from '../sleep'
import type { Allowances, Bucket } from '../store/allowances'
import { type ClaimParts, createClaims, SLOT_MS } from './claims'
import {
  bareNeedOf,
  type Counter,
  changeLimit,
  fits,
  isCurrent,
  isDue,
  isHoarded,
  isHopeless,
  isQuiet,
  isSpent,
  type Need,
  newCounter,
} from './counter'
import { isLow } from './slices'

interface CounterParts extends ClaimParts {
  readonly allowances: Pick<Allowances, 'hold' | 'book' | 'taken' | 'prune'>
  /** Finish work after the response: a tracked promise on a machine, `waitUntil` on Workers. */
  readonly later: (work: Promise<unknown>) => void
}

/** How often a turn looks again for slots that another may be giving back. */
const SLOT_LOOKS = 6
/** A limit that was not used for so long is given back. */
const IDLE_MS = 10_000
/** Whose last turn with limits ended so long ago need not know so well what others do. */
const BUSY_MS = 60_000
const POLL_MS = 5
/** How often what is held is given back at a stop, until the database has answered. */
const LAST_TRIES = 4
const LAST_WAIT_MS = 250
/** Where nothing ticks, as on Workers, turns see to it that what they used is told, so much later. */
const TICK_MS = 5_000
const REPORT_MS = 1_000
const PRUNE_MS = 3_600_000

/**
 * Counts what keys use, together with the other instances over the same database: slices of a limit
 * are claimed ahead of need, so that hardly a turn waits for the database.
 *
 * On Workers a promise of another request never resolves: turns share values and wait by the clock.
 */
export function createCounters(parts: CounterParts) {
  const { allowances, now, later, zoneMinutes, onFault } = parts
  const counters = new Map<string, Map<Bucket, Counter>>()
  /** Counters of days and months that are over, until all was written. */
  const ended = new Set<Counter>()
  const claims = createClaims({
    ...parts,
    counterOf({ keyId, bucket, window }) {
      const counter = counters.get(keyId)?.get(bucket)
      return counter?.window === window ? counter : undefined
    },
  })
  let tickedAt = Number.NEGATIVE_INFINITY
  let settledAt = Number.NEGATIVE_INFINITY
  let reportAt = Number.NEGATIVE_INFINITY
  let prunedAt = Number.NEGATIVE_INFINITY

  function counterOf(keyId: string, bucket: Bucket, limit: number): Counter {
    const at = now()
    let ofKey = counters.get(keyId)
    if (!ofKey) {
      ofKey = new Map()
      counters.set(keyId, ofKey)
    }
    const known = ofKey.get(bucket)
    const zone = zoneMinutes()
    if (known && isCurrent(known, at, zone)) {
      if (known.limit !== limit) changeLimit(known, limit)
      return known
    }
    if (known) retire(known)
    const made = newCounter({ keyId, bucket, limit, at, zone })
    claims.remind(made)
    ofKey.set(bucket, made)
    return made
  }

  function retire(counter: Counter) {
    const { bucket, reserved, used, written } = counter
    if (bucket === 'requests' || bucket === 'tokens') return
    if (reserved > 0 || used !== written) ended.add(counter)
  }

  /** What to hold: what is used and taken, and something for those who come. */
  function wantedOf(counter: Counter, at: number): number {
    const { granted, used, reserved, waiting, ahead, touchedAt, endsAt, alone } = counter
    const base = used + reserved + waiting
    // What is asked in vain gives nothing back: turns that come meanwhile go by it.
    if (alone !== undefined && at < endsAt && claims.isDown(at)) return Math.max(base, granted)
    const idleMs = isTicking(at) ? IDLE_MS : REPORT_MS
    const isIdle = at - touchedAt >= idleMs || at >= endsAt
    return isIdle && waiting === 0 ? base : base + ahead
  }

  function reserve(needs: readonly Need[], at: number) {
    let low: Counter[] | undefined
    for (const { counter, amount } of needs) {
      counter.reserved += amount
      counter.touchedAt = at
      if (!isLow(counter, at)) continue
      low ??= []
      low.push(counter)
    }
    if (low && !claims.isDown(at)) later(claims.ask(low, wantedOf))
  }

  /** Wait until all needs can be met, or one cannot. */
  async function takeSlowly(needs: readonly Need[]): Promise<Need | undefined> {
    for (const { counter, amount } of needs) counter.waiting += amount
    let looks = 0
    try {
      for (;;) {
        const at = now()
        const lacking = needs.filter((need) => !fits(need, at))
        if (lacking.length === 0) break
        const hopeless = lacking.find((need) => isHopeless(need, at))
        if (hopeless) return hopeless
        const spent = lacking.find(({ counter }) => isSpent(counter, at))
        if (spent) {
          if (looks++ === SLOT_LOOKS) return spent
          await sleep(SLOT_MS)
          continue
        }
        const all = lacking.map(({ counter }) => counter)
        const free = all.filter((counter) => isQuiet(counter, at))
        // Whether it is back the tick finds out, and nobody waits for that.
        if (claims.isDown(at)) claims.goAlone(all, at)
        else if (free.length === 0) await sleep(POLL_MS)
        else await claims.ask(free, wantedOf)
      }
    } finally {
      for (const { counter, amount } of needs) counter.waiting -= amount
    }
    // It waits no more: else it would be asked for twice, and nobody else could have the second.
    reserve(needs, now())
    return
  }

  /** Let go of windows that are over, and of keys that nobody uses. */
  function turnOver(at: number) {
    const zone = zoneMinutes()
    for (const [keyId, ofKey] of counters) {
      for (const [bucket, counter] of ofKey) {
        if (isCurrent(counter, at, zone)) continue
        ofKey.delete(bucket)
        retire(counter)
      }
      if (ofKey.size === 0) counters.delete(keyId)
    }
    for (const counter of ended)
      if (counter.reserved === 0 && counter.used === counter.written) ended.delete(counter)
  }

  async function report(): Promise<void> {
    const at = now()
    reportAt = Number.NEGATIVE_INFINITY
    turnOver(at)
    const due = all().filter(
      (counter) => isQuiet(counter, at) && isDue(counter, wantedOf(counter, at), at),
    )
    await claims.ask(due, wantedOf)
  }

  const isTicking = (at: number): boolean => at - tickedAt <= TICK_MS

  /** Where nothing ticks turns see to it that all is told, and given back when no more of them come. */
  async function reportLater(): Promise<void> {
    const before = settledAt
    await sleep(REPORT_MS)
    await report()
    if (settledAt === before || isTicking(now())) return
    reportAt = now()
    later(reportLater())
  }

  const all = (): Counter[] => [
    ...[...counters.values()].flatMap((ofKey) => [...ofKey.values()]),
    ...ended,
  ]

  return {
    /** The counter of a limit, in the window that it is now. */
    counterOf,

    /** The same if there is one; looking makes none. */
    peek: (keyId: string, bucket: Bucket): Counter | undefined => {
      const counter = counters.get(keyId)?.get(bucket)
      return counter && isCurrent(counter, now(), zoneMinutes()) ? counter : undefined
    },

    /**
     * Take what a turn needs of every limit, or nothing at all.
     *
     * @returns the need that cannot be met; a promise only when the database has to be asked
     */
    take(needs: readonly Need[]): Need | undefined | Promise<Need | undefined> {
      const at = now()
      let lacks = false
      for (const need of needs) {
        if (fits(need, at)) continue
        if (isHopeless(need, at)) return need
        lacks = true
      }
      if (lacks) return takeSlowly(needs)
      reserve(needs, at)
      return
    },

    /** Give back what was taken, less what was used of it. */
    settle({ counter, amount }: Need, used: number): void {
      counter.reserved -= amount
      counter.used += used
      const at = now()
      settledAt = at
      if (isHoarded(counter) && isQuiet(counter, at) && !claims.isDown(at))
        later(claims.ask([counter], wantedOf))
      if (!isTicking(at) && at - reportAt > TICK_MS) {
        reportAt = at
        later(reportLater())
      }
    },

    /** Learn what others have used, before the first turn comes. */
    learn: (): Promise<void> => claims.listen(now(), false),

    /** Tell the database what was used, keep what is held, and give back what is too much. */
    async tick(): Promise<void> {
      const at = now()
      tickedAt = at
      await report()
      await claims.listen(at, at - settledAt < BUSY_MS)
      await claims.bookSilent(at, all()).catch(onFault)
      if (at - prunedAt < PRUNE_MS || claims.isDown(at)) return
      prunedAt = at
      await allowances.prune(at).catch(onFault)
    },

    /** Give back all that no turn in progress holds, what a question on its way brings included. */
    async giveBack(): Promise<void> {
      const at = now()
      const isHeld = (counter: Counter): boolean =>
        !isQuiet(counter, at) ||
        counter.granted > counter.used + counter.reserved ||
        counter.used !== counter.written
      const held = all().filter(isHeld)
      // Nobody else tells it later: a database that is busy with all the rest of a stop is asked again.
      for (let tried = 1; !(await claims.ask(held, bareNeedOf)) && tried < LAST_TRIES; tried++)
        await sleep(LAST_WAIT_MS)
    },
  }
}

export type Counters = ReturnType<typeof createCounters>
