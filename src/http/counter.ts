import type { Bucket, Held } from '../store/allowances'
import { windowAt } from './window'

/** What is held expires in the database a little later, for clocks and answers that are late. */
const TRUST_MS = 18_000
/** Who holds something ahead of need says that often that it is there. */
const SIGN_MS = 4_000

/** What this instance knows of one limit of one key, in one window. */
export interface Counter {
  readonly keyId: string
  readonly bucket: Bucket
  readonly window: number
  readonly endsAt: number
  readonly zoneMinutes: number
  limit: number
  /** What may be used here without asking, all that was used included; slots until `validUntil`. */
  granted: number
  validUntil: number
  used: number
  /** What turns in progress may come to use. */
  reserved: number
  /** What turns need that wait for the database. */
  waiting: number
  /** How much is to be held ahead of need. */
  ahead: number
  /** What others held when we last heard, when that was, and how many they were. */
  others: number
  heardAt: number
  rivals: number
  /** What was taken here and there at a moment a while ago, and how fast others took since, by the millisecond. */
  pacedAt: number
  pacedBase: number
  pacedOthers: number
  pace: number
  /** `used`, as the database knows it. */
  written: number
  /** Our part of what was left when the database went away, which each other may have taken, too. */
  share: number
  /** The number of that time. */
  outage: number
  /** What may be used while it is away, all that was used included. */
  alone: number | undefined
  /** Until then nothing more is to be had, so that refused turns cost no question. */
  spentUntil: number
  /** Until then a question is on its way, unless whoever asked it has died. */
  askingUntil: number
  touchedAt: number
}

/** What a turn takes of one limit. */
export interface Need {
  readonly counter: Counter
  readonly amount: number
}

interface NewCounter {
  readonly keyId: string
  readonly bucket: Bucket
  readonly limit: number
  readonly at: number
  readonly zone: number
}

const NEVER = Number.NEGATIVE_INFINITY

/** A counter of which nothing was asked yet. */
export function newCounter({ keyId, bucket, limit, at, zone }: NewCounter): Counter {
  const { number: window, endsAt } = windowAt(bucket, at, zone)
  return {
    keyId,
    bucket,
    window,
    endsAt,
    zoneMinutes: zone,
    limit,
    granted: 0,
    validUntil: NEVER,
    used: 0,
    reserved: 0,
    waiting: 0,
    ahead: 0,
    others: 0,
    heardAt: NEVER,
    rivals: 0,
    pacedAt: NEVER,
    pacedBase: 0,
    pacedOthers: 0,
    pace: 0,
    written: 0,
    share: 0,
    outage: 0,
    alone: undefined,
    spentUntil: NEVER,
    askingUntil: NEVER,
    touchedAt: at,
  }
}

/** The operator gave more or less: it holds at once, whatever was granted before. */
export function changeLimit(counter: Counter, limit: number): void {
  counter.limit = limit
  counter.granted = Math.min(counter.granted, Math.max(0, limit - counter.others))
  if (counter.alone !== undefined) counter.alone = Math.min(counter.alone, counter.granted)
  counter.spentUntil = NEVER
}

/** Whether a counter's window is still open. */
export const isCurrent = ({ endsAt, zoneMinutes }: Counter, at: number, zone: number): boolean =>
  at < endsAt && zoneMinutes === zone

/** What others used of a window stays used; slots that they held come back any moment. */
export const isCounted = ({ bucket }: Pick<Counter, 'bucket'>): boolean => bucket !== 'concurrency'

/** What turns may take without asking. Nobody takes from the living what can be used up; slots are lent. */
export const restOf = (counter: Counter, at: number): number =>
  isCounted(counter) || at < counter.validUntil
    ? counter.granted - counter.used - counter.reserved
    : 0

/** Whether a turn can have what it needs at once. */
export const fits = ({ counter, amount }: Need, at: number): boolean =>
  restOf(counter, at) >= amount

/** Whether asking for it is in vain. */
export const isHopeless = ({ counter, amount }: Need, at: number): boolean =>
  amount > counter.limit || (isSpent(counter, at) && !mayReturn(counter))

/** Whether nothing more was to be had a moment ago. */
export const isSpent = ({ spentUntil }: Counter, at: number): boolean => at < spentUntil

/** Whether another instance may be giving back what is lacking. */
const mayReturn = ({ bucket, rivals }: Counter): boolean => bucket === 'concurrency' && rivals > 0

/** Whether no question about it is on its way. */
export const isQuiet = ({ askingUntil }: Counter, at: number): boolean => at >= askingUntil

/** Whether the database has to hear of it. */
export function isDue(counter: Counter, wanted: number, at: number): boolean {
  const { granted, used, reserved, written, validUntil } = counter
  if (used !== written || granted > wanted) return true
  if (granted <= used) return false
  const isAhead = isCounted(counter) && granted > used + reserved
  return validUntil - at <= (isAhead ? TRUST_MS - SIGN_MS : TRUST_MS / 2)
}

/** Whether others may be waiting for slots that are free here. */
export const isHoarded = (counter: Counter): boolean =>
  mayReturn(counter) && counter.granted > bareNeedOf(counter) + counter.ahead

/** What cannot be given back. */
export const bareNeedOf = ({ used, reserved, waiting }: Counter): number =>
  used + reserved + waiting

/** Note what the database answered to a question of that time. */
export function learn(counter: Counter, { granted, others, rivals }: Held, at: number): void {
  counter.spentUntil = NEVER
  counter.granted = granted
  counter.others = others
  counter.rivals = rivals
  counter.heardAt = at
  counter.validUntil = at + TRUST_MS
  counter.alone = undefined
}
