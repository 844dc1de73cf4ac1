import type { Client } from '@libsql/client/web'
import { sleep } from '../sleep'
import type { USAGE_BY } from './ledger-queries'
import { KEYS_OF_DAYS, type NamedSums, NOTHING, SUMMED, type Sums } from './ledger-rollups'
import { snake } from './rows'

const HOURS = 24
const TOTALS = SUMMED.map((field) => `sum(${snake(field)}) AS ${field}`).join(', ')

const OF_ROLLUPS = (by: 'key' | 'model') => `SELECT name, ${TOTALS} FROM ledger_rollups
  WHERE "by" = '${by}' AND hour >= ? AND hour < ? GROUP BY name`

const OF_HOURS = {
  key: OF_ROLLUPS('key'),
  model: OF_ROLLUPS('model'),
  account: `SELECT account_id AS name, ${TOTALS} FROM ledger_hours
    WHERE hour >= ? AND hour < ? GROUP BY account_id`,
}

/** From key to key, and of each only the days that are wanted. */
const OF_DAYS = `WITH RECURSIVE ${KEYS_OF_DAYS}
  SELECT one.name AS name, ${TOTALS} FROM one CROSS JOIN ledger_days
    ON ledger_days.key_id = one.name AND day >= ? AND day < ? GROUP BY one.name`

/** The questions that together are about these hours: whole days of keys have sums of their own. */
function questionsOf(by: (typeof USAGE_BY)[number], from: number, to: number) {
  const firstDay = Math.ceil(from / HOURS)
  const endDay = Math.floor(to / HOURS)
  const hours = { sql: OF_HOURS[by], parts: partsOf(from, to) }
  if (by !== 'key' || firstDay >= endDay) return [hours]
  return [
    { ...hours, parts: partsOf(from, firstDay * HOURS) },
    { sql: OF_DAYS, parts: [[firstDay, endDay] as const] },
    { ...hours, parts: partsOf(endDay * HOURS, to) },
  ]
}

/** A day at a time: months in one question would keep everybody else waiting. */
function partsOf(from: number, to: number): (readonly [from: number, to: number])[] {
  const parts: (readonly [number, number])[] = []
  for (let hour = from; hour < to; hour += HOURS) parts.push([hour, Math.min(hour + HOURS, to)])
  return parts
}

/**
 * What was used by each key, account or model, the most expensive first.
 *
 * @param from the first hour
 * @param to the hour after the last
 */
export const createUsage =
  (client: Client) =>
  async (
    by: (typeof USAGE_BY)[number],
    from: number,
    to: number,
  ): Promise<readonly NamedSums[]> => {
    const found = new Map<string, { -readonly [K in keyof Sums]: Sums[K] }>()
    for (const { sql, parts } of questionsOf(by, from, to))
      for (const args of parts) {
        const { rows } = await client.execute({ sql, args: [...args] })
        for (const row of rows) {
          const name = String(row.name)
          const sums = found.get(name) ?? { ...NOTHING }
          found.set(name, sums)
          for (const field of SUMMED) sums[field] += Number(row[field])
        }
        await sleep(0)
      }
    return [...found]
      .map(([name, sums]) => ({ name, ...sums }))
      .sort(
        (one, other) =>
          other.costTicks - one.costTicks ||
          other.turns - one.turns ||
          (one.name < other.name ? -1 : 1),
      )
  }
