import type { Bucket, Held } from '../store/allowances'
import { windowAt } from './window'

/** Parts of a limit that are taken at once. */
const SLICES = 20
/** What is held expires in the database a little later, for clocks and answers that are late. */
const TRUST_MS = 18_000

/** What this instance knows of one limit of one key, in one window. */
export interface Counter {
  readonly keyId: string
  readonly bucket: Bucket
  readonly window: number
  readonly endsAt: number
  readonly zoneMinutes: number
  limit: number
  /** What may be used here without asking, all that was used included; until `validUntil`. */
  granted: number
  validUntil: number
  used: number
  /** What turns in progress may come to use. */
  reserved: number
  /** What turns need that wait for the database. */
  waiting: number
  /** What others held when we last heard, and when that was. */
  others: number
  heardAt: number
  hasRivals: boolean
  /** `used`, as the database knows it. */
  written: number
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
    validUntil: Number.NEGATIVE_INFINITY,
    used: 0,
    reserved: 0,
    waiting: 0,
    others: 0,
    heardAt: Number.NEGATIVE_INFINITY,
    hasRivals: false,
    written: 0,
    spentUntil: Number.NEGATIVE_INFINITY,
    askingUntil: Number.NEGATIVE_INFINITY,
    touchedAt: at,
  }
}

/**
 * How much is taken ahead of need. Slots of turns at once are few and come back soon: nobody keeps one of a
 * few in reserve.
 */
export const sliceOf = (bucket: Bucket, limit: number): number =>
  bucket === 'concurrency' ? Math.floor(limit / SLICES) : Math.max(1, Math.ceil(limit / SLICES))

/** Whether a counter's window is still open. */
export const isCurrent = ({ endsAt, zoneMinutes }: Counter, at: number, zone: number): boolean =>
  at < endsAt && zoneMinutes === zone

/** What others used of a window stays used; slots that they held come back any moment. */
export const isCounted = ({ bucket }: Counter): boolean => bucket !== 'concurrency'

/** What turns may take without asking. */
const restOf = ({ granted, validUntil, used, reserved }: Counter, at: number): number =>
  at < validUntil ? granted - used - reserved : 0

/** Whether a turn can have what it needs at once. */
export const fits = ({ counter, amount }: Need, at: number): boolean =>
  restOf(counter, at) >= amount

/** Whether asking for it is in vain. */
export const isHopeless = ({ counter, amount }: Need, at: number): boolean =>
  amount > counter.limit || (isSpent(counter, at) && !mayReturn(counter))

/** Whether nothing more was to be had a moment ago. */
export const isSpent = ({ spentUntil }: Counter, at: number): boolean => at < spentUntil

/** Whether another instance may be giving back what is lacking. */
const mayReturn = ({ bucket, hasRivals }: Counter): boolean => bucket === 'concurrency' && hasRivals

/** Whether no question about it is on its way. */
export const isQuiet = ({ askingUntil }: Counter, at: number): boolean => at >= askingUntil

/** Whether it is time to ask for more, ahead of need. */
export const isLow = (counter: Counter, at: number): boolean =>
  restOf(counter, at) < sliceOf(counter.bucket, counter.limit) / 2 &&
  isQuiet(counter, at) &&
  !isSpent(counter, at)

/** Whether the database has to hear of it. */
export const isDue = (
  { granted, used, written, validUntil }: Counter,
  wanted: number,
  at: number,
) => used !== written || granted > wanted || (granted > used && validUntil - at < TRUST_MS / 2)

/** Whether others may be waiting for slots that are free here. */
export const isHoarded = (counter: Counter): boolean =>
  mayReturn(counter) &&
  counter.granted > bareNeedOf(counter) + sliceOf(counter.bucket, counter.limit)

/** What cannot be given back. */
export const bareNeedOf = ({ used, reserved, waiting }: Counter): number =>
  used + reserved + waiting

/** Note what the database answered to a question of that time. */
export function learn(counter: Counter, { granted, others, hasRivals }: Held, at: number): void {
  counter.spentUntil = Number.NEGATIVE_INFINITY
  counter.granted = granted
  counter.others = others
  counter.hasRivals = hasRivals
  counter.heardAt = at
  counter.validUntil = at + TRUST_MS
}
