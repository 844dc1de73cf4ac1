import { windowAt } from '../http/window'
import type { Bucket } from '../store/allowances'
import type { Key } from '../store/keys'
import { table } from './command'
import { showAmount } from './key-limits'
import type { State } from './state'

type LimitField = Extract<
  keyof Key,
  `${string}PerMinute` | 'concurrency' | `daily${string}` | `monthly${string}`
>

const ROWS: readonly (readonly [bucket: Bucket, field: LimitField, meaning: string])[] = [
  ['requests', 'requestsPerMinute', 'requests this minute'],
  ['tokens', 'tokensPerMinute', 'tokens this minute'],
  ['concurrency', 'concurrency', 'held at once'],
  ['chat', 'dailyChat', 'chat today'],
  ['heavy', 'dailyHeavy', 'heavy today'],
  ['image', 'dailyImage', 'image today'],
  ['video', 'dailyVideo', 'video today'],
  ['cost', 'dailyCostTicks', 'money today'],
  ['cost-month', 'monthlyCostTicks', 'money this month'],
]

/** Print what keys have used of their limits, in the windows that it is now. */
export async function showUsage({ stores }: State, id: string | undefined, now: number) {
  const { time_zone_minutes: zone } = await stores.settings.all()
  const keys = (await stores.keys.list()).filter((key) => !key.revokedAt && (!id || key.id === id))
  const windows = ROWS.map(([bucket]) => [bucket, windowAt(bucket, now, zone).number] as const)
  const found = await stores.allowances.used(windows, now)
  const used = new Map(found.map((use) => [`${use.keyId} ${use.bucket}`, use.used]))
  const rows = keys.flatMap((key) =>
    ROWS.flatMap(([bucket, field, meaning]) => {
      const limit = key[field]
      if (limit === null) return []
      const amount = used.get(`${key.id} ${bucket}`) ?? 0
      return [[key.id, key.name, meaning, showAmount(field, amount), showAmount(field, limit)]]
    }),
  )
  if (id && keys.length === 0) {
    console.info(`No key in force has the id ${id}. See: groxy keys list`)
    return 1
  }
  console.info(
    rows.length > 0
      ? table(['ID', 'NAME', 'WHAT', 'USED', 'LIMIT'], rows)
      : 'Nothing is counted: no such key has a limit. The ledger has what each key used.',
  )
  return 0
}
