import { type Counter, isCounted, isQuiet, isSpent, restOf } from './counter'

/** Turns at once: the part that is kept in reserve. Nobody keeps one of a few. */
const SLOTS = 20
/** No more than a hundredth of a limit is ever held ahead of need, as much may be lost with a death. */
const SLICES = 100
/** Of small limits at most so many, and no more than this part. */
const FEW = 3
const SMALL = 0.03
/** What is used within so long is held ahead, so that the tick brings it in good time. */
const AHEAD_MS = 6_000
/** Over how short a time a pace is no pace yet. */
const PACE_MS = 1_000

/** The most that is held ahead of need. */
export const mostAhead = ({ bucket, limit }: Pick<Counter, 'bucket' | 'limit'>): number =>
  bucket === 'concurrency'
    ? Math.floor(limit / SLOTS)
    : Math.max(1, Math.min(FEW, Math.floor(limit * SMALL)), Math.floor(limit / SLICES))

/**
 * Decide how much to hold ahead before asking: what a few seconds use, more while that is used up faster than
 * the clock brings it, and less where little is left for all.
 */
export function paceUp(counter: Counter, at: number): void {
  const most = mostAhead(counter)
  if (!isCounted(counter)) {
    counter.ahead = most
    return
  }
  const ms = at - counter.pacedAt
  const base = counter.used + counter.reserved
  if (ms > 2 * AHEAD_MS) counter.ahead = Math.ceil(most / 2)
  else if (ms < PACE_MS) counter.ahead = Math.min(most, counter.ahead * 2)
  else {
    const used = Math.ceil(((base - counter.pacedBase) * AHEAD_MS) / ms)
    if (used > 0) counter.ahead = Math.min(most, used)
  }
  const left = counter.limit - counter.others - counter.granted
  const fair = Math.floor(left / (counter.rivals + 1))
  if (Number.isFinite(counter.heardAt)) counter.ahead = Math.min(counter.ahead, fair)
  counter.ahead = Math.max(1, counter.ahead)
}

/** Note how fast a limit is used, here and by others, when the database has told. */
export function notePace(counter: Counter, at: number): void {
  const { others, pacedAt, pacedOthers, used, reserved } = counter
  const ms = at - pacedAt
  if (ms < PACE_MS) return
  counter.pace = Number.isFinite(ms) ? Math.max(0, others - pacedOthers) / ms : 0
  counter.pacedAt = at
  counter.pacedBase = used + reserved
  counter.pacedOthers = others
}

/** Whether it is time to ask for more, ahead of need. Of a few turns at once none is held ahead. */
export const isLow = (counter: Counter, at: number): boolean =>
  (counter.ahead > 0 || isCounted(counter)) &&
  restOf(counter, at) < Math.max(1, Math.floor(counter.ahead / 2)) &&
  isQuiet(counter, at) &&
  !isSpent(counter, at)
