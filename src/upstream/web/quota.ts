import { isObject, type Json } from '../../json-value'
import type { Report } from '../../pool/quota'
import type { Tier } from '../../store/schema'

/** What grok.com says of one quota, and what that tells of the account. */
interface QuotaReading {
  readonly report: Report
  readonly tier: Tier | undefined
}

/**
 * Read an answer of `/rest/rate-limits` in any of its forms: units or queries, with a wait or without.
 *
 * @returns undefined when it says nothing of a quota
 */
export function readQuota(body: unknown, bucket: string, now: number): QuotaReading | undefined {
  if (!isObject(body)) return
  const limit = countOf(body, 'totalTokens') ?? countOf(body, 'totalQueries')
  const remaining = countOf(body, 'remainingTokens') ?? countOf(body, 'remainingQueries')
  if (remaining === undefined) return
  const seconds = waitOf(body, remaining) ?? countOf(body, 'windowSizeSeconds') ?? USUAL_WINDOW
  const report = { bucket, limit: limit ?? remaining, remaining, resetAt: now + seconds * 1000 }
  return { report, tier: limit === undefined ? undefined : tierOf(bucket, limit) }
}

/** Seconds of a window that is not told: that of paying accounts, which is asked about again the sooner. */
const USUAL_WINDOW = 7_200

/** While a wait is told for, the window ends with it. Where units are left, only the whole counts. */
function waitOf(body: Json, remaining: number): number | undefined {
  const whole = countOf(body, 'waitTimeSeconds')
  if (whole) return whole
  const { lowEffortRateLimits: low } = body
  return remaining === 0 && isObject(low) ? countOf(low, 'waitTimeSeconds') || undefined : undefined
}

function countOf(body: Json, name: string): number | undefined {
  const { [name]: value } = body
  return typeof value === 'number' && Number.isFinite(value) && value >= 0
    ? Math.floor(value)
    : undefined
}

/** The totals that tiers were seen to have; 8 is told to basic ones whatever they really have. */
const TIERS: Readonly<Record<number, Tier>> = {
  7: 'basic',
  8: 'basic',
  20: 'basic',
  30: 'basic',
  40: 'basic',
  80: 'basic',
  50: 'super',
  140: 'super',
  150: 'heavy',
  400: 'heavy',
}

/** Only heavy ones have this mode, so much of it. */
const OF_HEAVY: Readonly<Record<number, Tier>> = { 20: 'heavy' }

const tierOf = (bucket: string, total: number): Tier | undefined =>
  (bucket.endsWith('heavy') ? OF_HEAVY : TIERS)[total]
