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
const FIELDS = ['by', 'hour', 'name', ...COLUMNS]

const ADD = adding('ledger_rollups', FIELDS, COLUMNS)

/** The statements that add what was added to the hourly sums to those by one thing only. */
export function rollupsOf(sums: readonly LedgerSum[]): InStatement[] {
  const rows: (string | number)[][] = []
  const known = new Map<string, (string | number)[]>()
  const add = (by: (typeof ROLLUPS)[number], sum: LedgerSum, name: string) => {
    const id = `${by} ${sum.hour} ${name}`
    const row = known.get(id)
    if (row) return sumUp(row, sum)
    const made = rowOf(by, sum, name)
    known.set(id, made)
    rows.push(made)
  }
  for (const sum of sums) {
    add('all', sum, '')
    add('key', sum, sum.keyId)
    add('model', sum, sum.model)
  }
  return ADD(rows)
}

const rowOf = (by: string, sum: LedgerSum, name: string): (string | number)[] => [
  by,
  sum.hour,
  name,
  ...SUMMED.map((field) => sum[field]),
]

function sumUp(row: (string | number)[], sum: LedgerSum): void {
  let at = 3
  for (const field of SUMMED) {
    row[at] = Number(row[at]) + sum[field]
    at++
  }
}

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

/** Hour by hour, for the index begins with hours: that of one name would be a look at all names. */
const OF_NAME = `WITH RECURSIVE hours(hour) AS (
    SELECT ?2 UNION ALL SELECT hour + 1 FROM hours WHERE hour < ?3)
  SELECT hours.hour, ${COLUMNS.join(', ')} FROM hours CROSS JOIN ledger_rollups AS rolled
    ON rolled."by" = ?1 AND rolled.hour = hours.hour AND rolled.name = ?4
  ORDER BY hours.hour`

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

    /** The sums of one key or model for each hour from one to another in which it had turns. */
    async seriesOf(by: RollupBy, name: string, from: number, to: number) {
      const { rows } = await asker.execute({ sql: OF_NAME, args: [by, from, to, name] })
      return rows.map(toHour)
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

const toNamed = (row: Row): NamedSums => ({ name: String(row.name), ...toSums(row) })

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
