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

const sums = (since: string) => `(
    SELECT json_array(coalesce(sum(turns), 0), coalesce(sum(cost_ticks), 0)) FROM ledger_rollups
    WHERE "by" = 'key' AND name = one.value AND hour > ${since})`

/** All is read from the index of keys alone, and nothing sorted. */
const SUMS = `SELECT one.value AS id, ${sums('?2')} AS day, ${sums('?3')} AS month,
    (SELECT max(hour) FROM ledger_rollups WHERE "by" = 'key' AND name = one.value) AS last_hour
  FROM json_each(?1) AS one`

/** Adds up what keys have used, from the hourly sums. */
export const createKeySums =
  (client: Client) =>
  async (ids: readonly string[], now: number): Promise<ReadonlyMap<string, KeySums>> => {
    const hour = Math.floor(now / HOUR_MS)
    const args = [JSON.stringify(ids), hour - DAY_HOURS, hour - MONTH_HOURS]
    const { rows } = await client.execute({ sql: SUMS, args })
    return new Map(
      rows.map(({ id, day, month, last_hour }) => {
        const [turnsDay = 0, costDay = 0] = numbersIn(day)
        const [turnsMonth = 0, costMonth = 0] = numbersIn(month)
        const lastHour = last_hour === null ? undefined : Number(last_hour)
        return [String(id), { turnsDay, costDay, turnsMonth, costMonth, lastHour }]
      }),
    )
  }

const numbersIn = (list: unknown): readonly number[] => JSON.parse(String(list))
