import type { Client } from '@libsql/client/web'
import { sleep } from '../sleep'
import type { USAGE_BY } from './ledger-queries'
import { type NamedSums, NOTHING, SUMMED, type Sums } from './ledger-rollups'
import { snake } from './rows'

const HOURS = 24
const TOTALS = SUMMED.map((field) => `sum(${snake(field)}) AS ${field}`).join(', ')

const OF_ROLLUPS = (by: 'key' | 'model') => `SELECT name, ${TOTALS} FROM ledger_rollups
  WHERE "by" = '${by}' AND hour >= ? AND hour < ? GROUP BY name`

const OF_DAY = {
  key: OF_ROLLUPS('key'),
  model: OF_ROLLUPS('model'),
  account: `SELECT account_id AS name, ${TOTALS} FROM ledger_hours
    WHERE hour >= ? AND hour < ? GROUP BY account_id`,
}

/**
 * What was used by each key, account or model, the most expensive first. Day by day: months of a thousand
 * keys in one question would keep everybody else waiting.
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
    for (let hour = from; hour < to; hour += HOURS) {
      const args = [hour, Math.min(hour + HOURS, to)]
      const { rows } = await client.execute({ sql: OF_DAY[by], args })
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
