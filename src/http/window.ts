import type { Bucket } from '../store/allowances'

/** The span of time that a limit holds for. */
interface Window {
  readonly number: number
  readonly endsAt: number
}

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000

/** What is limited at every moment has no end. */
const ALWAYS: Window = { number: 0, endsAt: Number.POSITIVE_INFINITY }

/**
 * The window of a bucket that a moment belongs to: minutes are those of the clock, days and months
 * begin `zoneMinutes` before those of UTC.
 */
export function windowAt(bucket: Bucket, at: number, zoneMinutes: number): Window {
  if (bucket === 'concurrency') return ALWAYS
  if (bucket === 'requests' || bucket === 'tokens') return spanAt(at, MINUTE_MS)
  const zoneMs = zoneMinutes * MINUTE_MS
  if (bucket === 'cost-month') return monthAt(at, zoneMs)
  const { number, endsAt } = spanAt(at + zoneMs, DAY_MS)
  return { number, endsAt: endsAt - zoneMs }
}

function spanAt(at: number, ms: number): Window {
  const number = Math.floor(at / ms)
  return { number, endsAt: (number + 1) * ms }
}

function monthAt(at: number, zoneMs: number): Window {
  const local = new Date(at + zoneMs)
  const [year, month] = [local.getUTCFullYear(), local.getUTCMonth()]
  return { number: year * 12 + month, endsAt: Date.UTC(year, month + 1) - zoneMs }
}
