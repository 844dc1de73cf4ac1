import { windowAt } from '../http/window'
import { table } from './command'
import { LIMITS, showAmount } from './key-limits'
import type { State } from './state'

/** Print what keys have used of their limits, in the windows that it is now. */
export async function showUsage({ stores }: State, id: string | undefined, now: number) {
  const { time_zone_minutes: zone } = await stores.settings.all()
  const keys = (await stores.keys.list()).filter((key) => !key.revokedAt && (!id || key.id === id))
  const windows = LIMITS.map(({ bucket }) => [bucket, windowAt(bucket, now, zone).number] as const)
  const found = await stores.allowances.used(windows, now)
  const usedOf = new Map(found.map(({ keyId, bucket, used }) => [`${keyId} ${bucket}`, used]))
  const rows = keys.flatMap((key) =>
    LIMITS.flatMap(({ field, bucket, use }) => {
      const limit = key[field]
      if (limit === null) return []
      const amount = usedOf.get(`${key.id} ${bucket}`) ?? 0
      return [[key.id, key.name, use, showAmount(field, amount), showAmount(field, limit)]]
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
