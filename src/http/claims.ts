import { sleep, within } from '../sleep'
import type { Allowances, Taken } from '../store/allowances'
import type { DatabaseWatch } from '../store/watch'
import { type Counter, isCounted, learn } from './counter'
import { createOutages, EXPIRY_MS } from './outage'
import { createOverheard } from './overheard'
import { notePace, paceUp } from './slices'

/** What a counter's claims need. */
export interface ClaimParts {
  /** The name of this instance, asked for when the database first is. */
  readonly instance: () => string
  readonly allowances: Pick<Allowances, 'hold' | 'book' | 'taken'>
  readonly now: () => number
  readonly zoneMinutes: () => number
  /** How many instances live, this one among them; left out where nobody counts them. */
  readonly rivals?: () => number
  /** How the database is, as others find who ask it. */
  readonly database?: DatabaseWatch
  /** The database does not answer: this instance keeps to its part of each limit until it does. */
  readonly onFault: (cause: unknown) => void
}

/** How much of a limit to hold, all that was used included. */
export type Wanted = (counter: Counter, at: number) => number

/** How long a limit counts as used up before the database is asked again. */
const SPENT_MS = 1_000
/** The same for slots: those that another gave back are on their way. */
export const SLOT_MS = 50
const RETRY_MS = 50
/** How often an instance looks what others take that counts nothing now. */
const SELDOM_MS = 10_000
/** How long a turn waits for the database before this instance keeps to its part of a limit. */
const ANSWER_MS = 2_000
/** How long turns then do not ask at all; the tick does. */
const DOWN_MS = 5_000
/** A single call that went wrong is no outage. */
const GONE_MS = 1_000
/** Rows of one question. */
const BATCH = 500

/** Claims limits at the database, and knows what this instance may do without it. */
export function createClaims(
  parts: ClaimParts & { readonly counterOf: (of: Taken) => Counter | undefined },
) {
  const { instance, allowances, now, zoneMinutes, rivals, database, onFault, counterOf } = parts
  const outages = createOutages({ rivals, zoneMinutes })
  const overheard = createOverheard({ allowances, instance, now, zoneMinutes, counterOf })
  let downUntil = Number.NEGATIVE_INFINITY
  /** Whether it is known to take no writes, whatever it lets us read. */
  let isHeldUp = false

  const holderAt = (at: number) => ({
    ...{ instance: instance(), now: at, expiresAt: at + EXPIRY_MS },
    ...outages.silence(),
  })

  /** Note that the database did not answer a question of that time. */
  function fail(at: number, cause: unknown) {
    if (at >= downUntil) onFault(cause)
    outages.begin(at)
    downUntil = now() + DOWN_MS
  }

  /** Whether others have found out that it does not answer: then no turn has to find out by waiting. */
  function isGone(at: number): boolean {
    const state = database?.()
    return state !== undefined && !state.up && at - state.since >= GONE_MS
  }

  function succeed(at: number) {
    isHeldUp = false
    downUntil = Number.NEGATIVE_INFINITY
    outages.end(at)
  }

  /** Ask the database for all of these at once. Never fails: without an answer, which it tells, we are alone. */
  async function ask(asked: readonly Counter[], wanted: Wanted): Promise<boolean> {
    const at = now()
    const wants = asked.map((counter) => {
      paceUp(counter, at)
      outages.note(counter)
      const { keyId, bucket, window, limit, used, share } = counter
      const want = { keyId, bucket, window, limit, used, wanted: wanted(counter, at), share }
      counter.askingUntil = at + ANSWER_MS
      // What is given back may be another's before we hear that it was taken.
      counter.granted = Math.min(counter.granted, want.wanted)
      return want
    })
    try {
      const hold = () => allowances.hold(holderAt(at), wants)
      // Once more: a server that was busy for a moment is no reason to go alone.
      const again = () => sleep(RETRY_MS).then(hold)
      const held = await within(ANSWER_MS, hold().catch(again))
      const answeredAt = now()
      succeed(answeredAt)
      for (const [index, counter] of asked.entries()) {
        const [want, answer] = [wants[index], held[index]]
        if (want && answer) learn(counter, answer, at)
        notePace(counter, answeredAt)
        if (want) counter.written = want.used
        if (want && counter.granted < want.wanted)
          counter.spentUntil = answeredAt + (isCounted(counter) ? SPENT_MS : SLOT_MS)
      }
      return true
    } catch (cause) {
      isHeldUp = true
      fail(at, cause)
      goAlone(asked, now())
      return false
    } finally {
      for (const counter of asked) counter.askingUntil = 0
    }
  }

  /** Use our part of what was left. */
  function goAlone(lone: readonly Counter[], at: number) {
    for (const counter of lone) {
      outages.goAlone(counter, at)
      counter.validUntil = downUntil
      counter.spentUntil = downUntil
    }
  }

  return {
    goAlone,

    /** Whether asking would be in vain now. */
    isDown(at: number): boolean {
      if (at < downUntil) return true
      if (!isGone(at)) return false
      outages.begin(at)
      downUntil = at + DOWN_MS
      return true
    },

    /** Ask for all of these, as many at once as the database takes; whether it has answered. */
    async ask(asked: readonly Counter[], wanted: Wanted): Promise<boolean> {
      let isAnswered = true
      for (let from = 0; from < asked.length; from += BATCH)
        isAnswered = (await ask(asked.slice(from, from + BATCH), wanted)) && isAnswered
      return isAnswered
    },

    /** Tell a new counter what is known of others. */
    remind: overheard.remind,

    /** Look what others do, as far as there are others. */
    async listen(at: number, isCounting: boolean): Promise<void> {
      if (!rivals) return
      // Nobody takes anything where nobody else is; but whoever went alone looks whether the database is back.
      const isAlone = rivals() === 1 && downUntil === Number.NEGATIVE_INFINITY
      const oftenMs = isCounting && rivals() > 1 ? 0 : SELDOM_MS
      if (!overheard.isDue(at, isAlone ? Number.POSITIVE_INFINITY : oftenMs)) return
      try {
        await within(ANSWER_MS, overheard.look(at))
        if (!isHeldUp) succeed(now())
      } catch (cause) {
        fail(at, cause)
      }
    },

    /** Write down what those took who never told what they did while the database was away. */
    async bookSilent(at: number, all: readonly Counter[]): Promise<void> {
      if (at < downUntil || !outages.isTold(at)) return
      const open = all.filter((counter) => counter.share > 0)
      const wants = open.map((counter) => ({ ...counter, wanted: 0 }))
      for (let from = 0; from < wants.length; from += BATCH)
        await allowances.book(holderAt(at), wants.slice(from, from + BATCH))
      for (const counter of open) counter.share = 0
      outages.forget()
    },
  }
}
