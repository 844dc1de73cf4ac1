import type { Client } from '@libsql/client/web'

/** What keys have asked for, in turns and ticks. */
export interface KeySums {
  readonly turnsDay: number
  readonly costDay: number
  readonly turnsMonth: number
  readonly costMonth: number
  /** The hour in which it was last used, in hours since 1970; undefined for never. */
  readonly lastHour: number | undefined
}

export const NO_SUMS: KeySums = {
  turnsDay: 0,
  costDay: 0,
  turnsMonth: 0,
  costMonth: 0,
  lastHour: undefined,
}

const HOUR_MS = 3_600_000
const DAY_HOURS = 24
const MONTH_HOURS = 30 * DAY_HOURS

/** Each sum is read from the index of keys alone. */
const SUMS = `SELECT one.value AS id,
    (SELECT max(hour) FROM ledger_rollups WHERE "by" = 'key' AND name = one.value) AS last_hour,
    sum(CASE WHEN sums.hour > ?2 THEN sums.turns END) AS turns_day,
    sum(CASE WHEN sums.hour > ?2 THEN sums.cost_ticks END) AS cost_day,
    sum(sums.turns) AS turns_month, sum(sums.cost_ticks) AS cost_month
  FROM json_each(?1) AS one LEFT JOIN ledger_rollups AS sums
    ON sums."by" = 'key' AND sums.name = one.value AND sums.hour > ?3
  GROUP BY one.key`

/** Adds up what keys have used, from the hourly sums. */
export const createKeySums =
  (client: Client) =>
  async (ids: readonly string[], now: number): Promise<ReadonlyMap<string, KeySums>> => {
    const hour = Math.floor(now / HOUR_MS)
    const args = [JSON.stringify(ids), hour - DAY_HOURS, hour - MONTH_HOURS]
    const { rows } = await client.execute({ sql: SUMS, args })
    return new Map(
      rows.map((row) => [
        String(row.id),
        {
          turnsDay: Number(row.turns_day),
          costDay: Number(row.cost_day),
          turnsMonth: Number(row.turns_month),
          costMonth: Number(row.cost_month),
          lastHour: row.last_hour === null ? undefined : Number(row.last_hour),
        },
      ]),
    )
  }

export type KeySumsOf = ReturnType<typeof createKeySums>
