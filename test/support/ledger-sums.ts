import type { Served } from '../fakes/pool'

/** What a number of turns comes to. */
interface Sums {
  readonly turns: number
  readonly input: number
  readonly cached: number
  readonly output: number
}

type Query = (sql: string) => Promise<Record<string, unknown>[]>

const SUMS = `sum(turns) AS turns, sum(input_tokens) AS input, sum(cached_tokens) AS cached,
  sum(output_tokens) AS output FROM ledger_hours`

const toSums = ({ turns, input, cached, output }: Record<string, unknown>): Sums => ({
  turns: Number(turns),
  input: Number(input),
  cached: Number(cached),
  output: Number(output),
})

const byName = (rows: Record<string, unknown>[]): ReadonlyMap<string, Sums> =>
  new Map(rows.map((row) => [String(row.name), toSums(row)]))

/** The hourly sums of a ledger, by the names of keys and accounts. */
export async function sumsOf(query: Query) {
  return {
    byKey: byName(
      await query(`SELECT k.name AS name, ${SUMS} JOIN keys k ON k.id = key_id GROUP BY 1`),
    ),
    byAccount: byName(
      await query(`SELECT a.name AS name, ${SUMS} JOIN accounts a ON a.id = account_id GROUP BY 1`),
    ),
    all: toSums((await query(`SELECT ${SUMS}`))[0] ?? {}),
  }
}

/** The same of what a fake counted. */
sumsOf.served = (served: readonly Served[]): Sums => ({
  turns: served.length,
  input: served.reduce((sum, { input }) => sum + input, 0),
  cached: served.reduce((sum, { cached }) => sum + cached, 0),
  output: served.reduce((sum, { output }) => sum + output, 0),
})
