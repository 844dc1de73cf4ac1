import { readKeyUsage } from '../operator/key-usage'
import { table } from './command'
import { showAmount, useOf } from './key-limits'
import type { State } from './state'

/** Print what keys have used of their limits, in the windows that it is now. */
export async function showUsage({ stores }: State, id: string | undefined, now: number) {
  const { time_zone_minutes: zoneMinutes } = await stores.settings.all()
  const keys = (await stores.keys.list()).filter((key) => !key.revokedAt && (!id || key.id === id))
  const usageOf = await readKeyUsage(stores.allowances, { now, zoneMinutes })
  const rows = keys.flatMap((key) =>
    usageOf(key).map(({ field, used, limit }) => [
      key.id,
      key.name,
      useOf(field),
      showAmount(field, used),
      showAmount(field, limit),
    ]),
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
