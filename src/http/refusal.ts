import { ApiError } from '../errors'
import type { Bucket } from '../store/allowances'
import type { Counter, Need } from './counter'

/** How many ticks of an upstream's price are one US dollar. */
const TICKS_PER_DOLLAR = 1e10

const DAILY: Partial<Record<Bucket, string>> = {
  chat: 'chat',
  heavy: 'heavy/chat',
  image: 'image',
  video: 'video',
}

/** Why a key's turn is not let in, and when it may be. */
export function refusalOf({ counter, amount }: Need, at: number): ApiError {
  const { bucket, limit } = counter
  const retryAfter = secondsTo(counter, at)
  const daily = DAILY[bucket]
  if (daily)
    return new ApiError(
      'daily_quota_exceeded',
      `Daily quota exceeded: ${daily}. This API key may have ${limit} a day.`,
      { retryAfter },
    )
  if (bucket === 'cost' || bucket === 'cost-month') {
    const dollars = (limit / TICKS_PER_DOLLAR).toFixed(2)
    const span = bucket === 'cost' ? 'day' : 'month'
    return new ApiError(
      'insufficient_quota',
      `This API key has used up its budget of $${dollars} a ${span}, or too much of it for this request.`,
      { retryAfter },
    )
  }
  return new ApiError('rate_limit_exceeded', rateMessage(bucket, limit, amount), { retryAfter })
}

function rateMessage(bucket: Bucket, limit: number, amount: number): string {
  if (bucket === 'requests') return `This API key may make ${limit} requests a minute.`
  if (bucket === 'concurrency') return `This API key may make ${limit} requests at once.`
  return `This API key may use ${limit} tokens a minute, and this request takes about ${amount}.`
}

/** Turns at once end at any time; everything else returns when its window is over. */
const secondsTo = ({ endsAt }: Counter, at: number): number =>
  Number.isFinite(endsAt) ? Math.max(1, Math.ceil((endsAt - at) / 1000)) : 1
