import type { Client } from '@libsql/client/web'
import { gathered } from './gather'

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

/** Rows of hours are found one by one: those of all keys stand together, by the hour. */
const HOURLY = (hours: string) => `ledger_rollups AS hourly WHERE hourly."by" = 'key'
  AND hourly.hour IN (SELECT value FROM json_each(${hours})) AND hourly.name = one.value`

/** Takes the ids, the hours of the last day, those before the first whole day, and that day. */
const SUMS = `SELECT one.value AS id,
    (SELECT json_array(sum(turns), sum(cost_ticks), max(hour)) FROM ${HOURLY('?2')}) AS day,
    (SELECT json_array(sum(turns), sum(cost_ticks)) FROM ${HOURLY('?3')}) AS edge,
    (SELECT json_array(sum(turns), sum(cost_ticks)) FROM ledger_days
      WHERE key_id = one.value AND day >= ?4) AS days,
    (SELECT max(day) FROM ledger_days WHERE key_id = one.value) AS last_day
  FROM json_each(?1) AS one`

/** Takes pairs of an id and a day. */
const LAST_HOURS = `SELECT one.value ->> 0 AS id, (SELECT max(hourly.hour) FROM json_each(?2) AS past
    CROSS JOIN ledger_rollups AS hourly ON hourly."by" = 'key'
      AND hourly.hour = (one.value ->> 1) * ${DAY_HOURS} + past.value AND hourly.name = one.value ->> 0) AS last_hour
  FROM json_each(?1) AS one`

const hoursFrom = (first: number, end: number): string =>
  JSON.stringify(Array.from({ length: Math.max(0, end - first) }, (_, at) => first + at))

/** Adds up what keys have used, from the sums of hours and days. */
export const createKeySums = (client: Client) => {
  const asker = gathered(client)

  /** In which hour keys were last used whose last day is known. */
  async function lastHours(days: readonly (readonly [id: string, day: number])[]) {
    if (days.length === 0) return new Map<string, number>()
    const args = [JSON.stringify(days), hoursFrom(0, DAY_HOURS)]
    const { rows } = await asker.execute({ sql: LAST_HOURS, args })
    return new Map(rows.map(({ id, last_hour }) => [String(id), Number(last_hour)]))
  }

  return async (ids: readonly string[], now: number): Promise<ReadonlyMap<string, KeySums>> => {
    const end = Math.floor(now / HOUR_MS) + 1
    const first = end - MONTH_HOURS
    const firstDay = Math.ceil(first / DAY_HOURS)
    const { rows } = await asker.execute({
      sql: SUMS,
      args: [
        JSON.stringify(ids),
        hoursFrom(end - DAY_HOURS, end),
        hoursFrom(first, firstDay * DAY_HOURS),
        firstDay,
      ],
    })
    const isRecent = (day: unknown) => numbersIn(day)[2] !== null
    const late = rows.filter(({ day, last_day }) => last_day !== null && !isRecent(day))
    const lastOf = await lastHours(late.map(({ id, last_day }) => [String(id), Number(last_day)]))
    return new Map(
      rows.map(({ id, day, edge, days }) => {
        const [turnsDay, costDay, lastHour] = numbersIn(day)
        const [turnsEdge, costEdge] = numbersIn(edge)
        const [turnsDays, costDays] = numbersIn(days)
        return [
          String(id),
          {
            turnsDay: turnsDay ?? 0,
            costDay: costDay ?? 0,
            turnsMonth: (turnsEdge ?? 0) + (turnsDays ?? 0),
            costMonth: (costEdge ?? 0) + (costDays ?? 0),
            lastHour: lastHour ?? lastOf.get(String(id)),
          },
        ]
      }),
    )
  }
}

const numbersIn = (list: unknown): readonly (number | null)[] => JSON.parse(String(list))
