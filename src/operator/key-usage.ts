import { windowAt } from '../http/window'
import type { Allowances, Bucket } from '../store/allowances'
import type { Key, KeyLimits } from '../store/keys'

/** The limits of a key that are numbers. */
export type LimitField = Exclude<keyof KeyLimits, 'models' | 'rescue'>

/** Where the use of each limit is counted, in the order in which people are told of them. */
export const LIMIT_BUCKETS = [
  ['requestsPerMinute', 'requests'],
  ['tokensPerMinute', 'tokens'],
  ['concurrency', 'concurrency'],
  ['dailyChat', 'chat'],
  ['dailyHeavy', 'heavy'],
  ['dailyImage', 'image'],
  ['dailyVideo', 'video'],
  ['dailyCostTicks', 'cost'],
  ['monthlyCostTicks', 'cost-month'],
] as const satisfies readonly (readonly [LimitField, Bucket])[]

/** What a key has used of one of its limits, in the window that it is now. */
export interface LimitUse {
  readonly field: LimitField
  readonly limit: number
  readonly used: number
  readonly remaining: number
  /** When it counts from nothing again; undefined for what is limited at every moment. */
  readonly endsAt: number | undefined
}

interface When {
  readonly now: number
  readonly zoneMinutes: number
}

/** The windows of all limits that a moment belongs to. */
export const windowsAt = ({ now, zoneMinutes }: When) =>
  LIMIT_BUCKETS.map(([, bucket]) => [bucket, windowAt(bucket, now, zoneMinutes).number] as const)

/** What keys have used of the limits that they have: all keys, or those with these ids. */
export async function readKeyUsage(
  allowances: Allowances,
  when: When,
  ids?: readonly string[],
): Promise<(key: Key) => readonly LimitUse[]> {
  const { now, zoneMinutes } = when
  const found = await allowances.used(windowsAt(when), now, ids)
  const usedOf = new Map(found.map(({ keyId, bucket, used }) => [`${keyId} ${bucket}`, used]))
  return (key) =>
    LIMIT_BUCKETS.flatMap(([field, bucket]) => {
      const limit = key[field]
      if (limit === null) return []
      const used = usedOf.get(`${key.id} ${bucket}`) ?? 0
      const { endsAt } = windowAt(bucket, now, zoneMinutes)
      return {
        field,
        limit,
        used,
        remaining: Math.max(0, limit - used),
        endsAt: Number.isFinite(endsAt) ? endsAt : undefined,
      }
    })
}
