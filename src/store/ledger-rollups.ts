import type { Client, InStatement, Row } from '@libsql/client/web'
import { adding } from './adding'
import { gathered } from './gather'
import type { LedgerSum } from './ledger-row'
import type { ROLLUPS } from './ledger-schema'
import { snake } from './rows'

/** What a number of turns came to. */
export type Sums = Omit<LedgerSum, 'hour' | 'keyId' | 'accountId' | 'model'>

/** The sums of one hour. */
export type HourSums = Sums & { readonly hour: number }

/** The sums of one key or model. */
export type NamedSums = Sums & { readonly name: string }

/** What there is one of for each name, and not only of all turns together. */
export type RollupBy = Exclude<(typeof ROLLUPS)[number], 'all'>

/** What is added up of turns. */
export const SUMMED = [
  'turns',
  'failures',
  'gone',
  'inputTokens',
  'cachedTokens',
  'outputTokens',
  'reasoningTokens',
  'costTicks',
  'totalMs',
] as const satisfies readonly (keyof Sums)[]

const COLUMNS = SUMMED.map(snake)
const ADD = adding('ledger_rollups', ['by', 'hour', 'name', ...COLUMNS], COLUMNS)
const ADD_DAYS = adding('ledger_days', ['key_id', 'day', ...COLUMNS], COLUMNS)

const HOURS = 24

type SummedRow = (string | number)[]

/** The statements that add what was added to the hourly sums to those by one thing only. */
export function rollupsOf(sums: readonly LedgerSum[]): InStatement[] {
  const hours = new Map<string, SummedRow>()
  const days = new Map<string, SummedRow>()
  for (const sum of sums) {
    const { hour, keyId, model } = sum
    addTo(hours, ['all', hour, ''], sum)
    addTo(hours, ['key', hour, keyId], sum)
    addTo(hours, ['model', hour, model], sum)
    addTo(days, [keyId, Math.floor(hour / HOURS)], sum)
  }
  return [...ADD([...hours.values()]), ...ADD_DAYS([...days.values()])]
}

/** @param key the columns before the sums */
function addTo(rows: Map<string, SummedRow>, key: SummedRow, sum: LedgerSum): void {
  const id = key.join(' ')
  const row = rows.get(id)
  if (!row) {
    rows.set(id, [...key, ...SUMMED.map((field) => sum[field])])
    return
  }
  let at = key.length
  for (const field of SUMMED) {
    row[at] = Number(row[at]) + sum[field]
    at++
  }
}

/** The keys that have sums of days, from one to the next: a recursive table `one`. */
export const KEYS_OF_DAYS = `one(name) AS (
  SELECT min(key_id) FROM ledger_days
  UNION ALL SELECT (SELECT min(key_id) FROM ledger_days WHERE key_id > name) FROM one WHERE name IS NOT NULL)`

const TOTALS = COLUMNS.map((name) => `sum(${name}) AS ${name}`).join(', ')

const SERIES = `SELECT hour, ${COLUMNS.join(', ')} FROM ledger_rollups
  WHERE "by" = 'all' AND hour >= ? ORDER BY hour`

/** Who comes first is found by turns alone, and only of those the rest is added up: sorting costs most. */
const TOP = `WITH RECURSIVE first AS (
    SELECT name, sum(turns) AS most FROM ledger_rollups WHERE "by" = ?1 AND hour >= ?2
    GROUP BY name ORDER BY most DESC, name LIMIT ?3),
  hours(hour) AS (
    SELECT ?2 UNION ALL SELECT hour + 1 FROM hours
    WHERE hour < (SELECT max(hour) FROM ledger_rollups WHERE "by" = 'all'))
  SELECT first.name AS name, ${TOTALS} FROM first CROSS JOIN hours CROSS JOIN ledger_rollups AS rolled
    ON rolled."by" = ?1 AND rolled.hour = hours.hour AND rolled.name = first.name
  GROUP BY first.name ORDER BY first.most DESC, first.name`

/** Questions about weeks that are answered from few rows. */
export function createRollups(client: Client) {
  const asker = gathered(client)

  return {
    /** The sums of all turns for each hour in which there were any, from an hour on. */
    async series(from: number): Promise<readonly HourSums[]> {
      const { rows } = await asker.execute({ sql: SERIES, args: [from] })
      return rows.map(toHour)
    },

    /** The names with the most turns from an hour on. */
    async top(by: RollupBy, from: number, most: number): Promise<readonly NamedSums[]> {
      const { rows } = await asker.execute({ sql: TOP, args: [by, from, most] })
      return rows.map(toNamed)
    },
  }
}

const toSums = (row: Row): Sums => ({
  turns: Number(row.turns),
  failures: Number(row.failures),
  gone: Number(row.gone),
  inputTokens: Number(row.input_tokens),
  cachedTokens: Number(row.cached_tokens),
  outputTokens: Number(row.output_tokens),
  reasoningTokens: Number(row.reasoning_tokens),
  costTicks: Number(row.cost_ticks),
  totalMs: Number(row.total_ms),
})

const toHour = (row: Row): HourSums => ({ hour: Number(row.hour), ...toSums(row) })

/** The sums of one key, account or model, as a statement gives them. */
export const toNamed = (row: Row): NamedSums => ({ name: String(row.name), ...toSums(row) })

/** What several sums come to together. */
export function total(sums: Iterable<Sums>): Sums {
  const all = { ...NOTHING }
  for (const sum of sums) for (const field of SUMMED) all[field] += sum[field]
  return all
}

/** The sums of no turn at all. */
export const NOTHING: Sums = {
  turns: 0,
  failures: 0,
  gone: 0,
  inputTokens: 0,
  cachedTokens: 0,
  outputTokens: 0,
  reasoningTokens: 0,
  costTicks: 0,
  totalMs: 0,
}
