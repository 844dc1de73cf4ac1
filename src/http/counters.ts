import { sleep } from '../sleep'
import type { Allowances, Bucket } from '../store/allowances'
import {
  bareNeedOf,
  type Counter,
  changeLimit,
  fits,
  isCounted,
  isCurrent,
  isDue,
  isHoarded,
  isHopeless,
  isLow,
  isQuiet,
  isSpent,
  learn,
  type Need,
  newCounter,
  sliceOf,
} from './counter'
import { within } from './patience'

interface CounterParts {
  /** The name of this instance, asked for when the database first is. */
  readonly instance: () => string
  readonly allowances: Allowances
  readonly now: () => number
  /** Finish work after the response: a tracked promise on a machine, `waitUntil` on Workers. */
  readonly later: (work: Promise<unknown>) => void
  readonly zoneMinutes: () => number
  /** The database does not answer: limits hold for this instance alone until it does. */
  readonly onFault: (cause: unknown) => void
}

/** What an instance holds returns by itself so long after its last word. */
const EXPIRY_MS = 20_000
/** How long a limit counts as used up before the database is asked again. */
const SPENT_MS = 1_000
/** The same for slots, and how often a turn looks again: those that another gave back are on their way. */
const SLOT_MS = 50
const SLOT_LOOKS = 6
const RETRY_MS = 50
/** How long a turn waits for the database before limits hold for this instance alone. */
const ANSWER_MS = 2_000
/** How long turns then do not ask at all; the tick does. */
const DOWN_MS = 5_000
/** A limit that was not used for so long is given back. */
const IDLE_MS = 10_000
const POLL_MS = 5
/** Where nothing ticks, as on Workers, turns see to it that what they used is told, so much later. */
const TICK_MS = 5_000
const REPORT_MS = 1_000
const PRUNE_MS = 3_600_000
/** Rows of one question. */
const BATCH = 500

/**
 * Counts what keys use, together with the other instances over the same database: slices of a limit
 * are claimed ahead of need, so that hardly a turn waits for the database.
 *
 * On Workers a promise of another request never resolves: turns share values and wait by the clock.
 */
export function createCounters(parts: CounterParts) {
  const { instance, allowances, now, later, zoneMinutes, onFault } = parts
  const counters = new Map<string, Map<Bucket, Counter>>()
  /** Counters of days and months that are over, until all was written. */
  const ended = new Set<Counter>()
  let downUntil = Number.NEGATIVE_INFINITY
  let tickedAt = Number.NEGATIVE_INFINITY
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
    ofKey.set(bucket, made)
    return made
  }

  function retire(counter: Counter) {
    const { bucket, reserved, used, written } = counter
    if (bucket === 'requests' || bucket === 'tokens') return
    if (reserved > 0 || used !== written) ended.add(counter)
  }

  /** What to hold: what is used and taken, and a slice for those who come. */
  function wantedOf(counter: Counter, at: number): number {
    const { bucket, used, reserved, waiting, touchedAt, endsAt } = counter
    const base = used + reserved + waiting
    const isIdle = at - touchedAt > IDLE_MS || at >= endsAt
    return isIdle && waiting === 0 ? base : base + sliceOf(bucket, counter.limit)
  }

  /** Ask the database for all of these at once. Never fails: without an answer we are alone. */
  async function ask(
    asked: readonly Counter[],
    wanted: (counter: Counter, at: number) => number = wantedOf,
  ): Promise<void> {
    const at = now()
    const wants = asked.map((counter) => {
      const { keyId, bucket, window, limit, used } = counter
      const want = { keyId, bucket, window, limit, used, wanted: wanted(counter, at) }
      counter.askingUntil = at + ANSWER_MS
      // What is given back may be another's before we hear that it was taken.
      counter.granted = Math.min(counter.granted, want.wanted)
      return want
    })
    try {
      const holder = { instance: instance(), now: at, expiresAt: at + EXPIRY_MS }
      const hold = () => allowances.hold(holder, wants)
      // Once more: a server that was busy for a moment is no reason to give a limit twice.
      const again = () => sleep(RETRY_MS).then(hold)
      const held = await within(ANSWER_MS, hold().catch(again))
      downUntil = Number.NEGATIVE_INFINITY
      for (const [index, counter] of asked.entries()) {
        const [want, answer] = [wants[index], held[index]]
        if (want && answer) learn(counter, answer, at)
        if (want) counter.written = want.used
        if (want && counter.granted < want.wanted)
          counter.spentUntil = now() + (isCounted(counter) ? SPENT_MS : SLOT_MS)
      }
    } catch (cause) {
      if (at >= downUntil) onFault(cause)
      downUntil = now() + DOWN_MS
      goAlone(asked, now())
    } finally {
      for (const counter of asked) counter.askingUntil = 0
    }
  }

  /** Whatever others were not known to hold is ours. */
  function goAlone(lone: readonly Counter[], at: number) {
    for (const counter of lone) {
      const others = at - counter.heardAt < EXPIRY_MS || isCounted(counter) ? counter.others : 0
      counter.granted = Math.max(counter.used, counter.limit - others)
      counter.validUntil = downUntil
      counter.spentUntil = downUntil
    }
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
    if (low && at >= downUntil) later(ask(low))
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
        const free = lacking.map(({ counter }) => counter).filter((counter) => isQuiet(counter, at))
        if (free.length === 0) await sleep(POLL_MS)
        else if (at < downUntil) goAlone(free, at)
        else await ask(free)
      }
      reserve(needs, now())
      return
    } finally {
      for (const { counter, amount } of needs) counter.waiting -= amount
    }
  }

  async function askInBatches(due: readonly Counter[], wanted = wantedOf) {
    for (let at = 0; at < due.length; at += BATCH) await ask(due.slice(at, at + BATCH), wanted)
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
    await askInBatches(due)
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
      if (isHoarded(counter) && isQuiet(counter, at) && at >= downUntil) later(ask([counter]))
      if (at - tickedAt > TICK_MS && at - reportAt > TICK_MS) {
        reportAt = at
        later(sleep(REPORT_MS).then(report))
      }
    },

    /** Tell the database what was used, keep what is held, and give back what is too much. */
    async tick(): Promise<void> {
      const at = now()
      tickedAt = at
      await report()
      if (at - prunedAt < PRUNE_MS || at < downUntil) return
      prunedAt = at
      await allowances.prune(at).catch(onFault)
    },

    /** Give back all that no turn in progress holds. */
    giveBack: (): Promise<void> =>
      askInBatches(
        all().filter(
          ({ granted, used, reserved, written }) => granted > used + reserved || used !== written,
        ),
        bareNeedOf,
      ),
  }
}

export type Counters = ReturnType<typeof createCounters>
