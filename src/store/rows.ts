import type { Client, InValue, ResultSet, Row } from '@libsql/client/web'
import { getTableColumns, getTableName, type Table } from 'drizzle-orm'
import { gathered } from './gather'

/** The name that a column has in SQL. */
export const snake = (name: string): string =>
  name.replace(/[A-Z]/g, (sign) => `_${sign.toLowerCase()}`)

/** What SQLite keeps in another form than we use it in. */
const DECODERS: Readonly<Record<string, (value: unknown) => unknown>> = {
  boolean: (value) => value === 1,
  date: (value) => new Date(Number(value)),
  json: (value) => JSON.parse(String(value)),
}

/** Puts one question to a database. */
interface Asker {
  readonly execute: (statement: { sql: string; args: InValue[] }) => Promise<ResultSet>
}

/** How rows of a table are asked for and read. */
export function createRowReader<T extends Table>(table: T) {
  const columns = Object.entries(getTableColumns(table))
  const names = columns.map(([name]) => name)
  const decoders = columns.map(([, { dataType }]) => DECODERS[dataType])
  const owner = getTableName(table)
  return {
    /** All columns, under the names that they have in code. */
    select: names.map((name) => `${owner}."${snake(name)}" AS "${name}"`).join(', '),

    read(row: Row): T['$inferSelect'] {
      const record: Record<string, unknown> = {}
      for (let at = 0; at < names.length; at++) {
        const name = names[at] ?? ''
        const value = row[name]
        const decode = decoders[at]
        record[name] = decode && value !== null ? decode(value) : value
      }
      return record
    },
  }
}

/** Reads whole tables, sooner than a query builder would: every start waits for the snapshot. */
export function createReader<T extends Table>(
  client: Pick<Client, 'batch'>,
  table: T,
  asker: Asker = gathered(client),
) {
  const { select, read } = createRowReader(table)
  const from = `SELECT ${select} FROM ${getTableName(table)}`

  /** @param rest what comes after the name of the table: conditions and order */
  return async (rest = '', args: InValue[] = []): Promise<T['$inferSelect'][]> => {
    const { rows } = await asker.execute({ sql: `${from} ${rest}`, args })
    return rows.map(read)
  }
}

/** How many rows are asked for first: a libSQL server refuses to say more than 10 MB at once. */
const PAGE = 5_000

/**
 * Reads tables that may be long, page by page and in the order of a key. Not together with other
 * questions, which would be refused with it.
 *
 * @param key columns that no two rows share
 */
export function createPagedReader<T extends Table>(
  client: Client,
  table: T,
  key: readonly (keyof T['$inferSelect'] & string)[],
) {
  const read = createReader(client, table, client)
  const columns = key.map((name) => `"${snake(name)}"`).join(', ')
  const beyond = `(${columns}) > (${key.map(() => '?').join(', ')})`
  // Where rows are long the next reading need not find that out again.
  let size = PAGE

  async function page(conditions: readonly string[], args: InValue[], most: number) {
    const where = conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : ''
    for (;;) {
      const limit = Math.min(size, most)
      try {
        const rows = await read(`${where} ORDER BY ${columns} LIMIT ?`, [...args, limit])
        return { rows, isLast: rows.length < limit || limit === most }
      } catch (cause) {
        if (limit === 1 || !isTooLarge(cause)) throw cause
        size = Math.ceil(limit / 2)
      }
    }
  }

  /** Those that meet all conditions, and no more than so many. */
  return async (
    conditions: readonly string[] = [],
    args: readonly InValue[] = [],
    most = Number.POSITIVE_INFINITY,
  ): Promise<T['$inferSelect'][]> => {
    const all: T['$inferSelect'][] = []
    for (;;) {
      const last = all.at(-1)
      const { rows, isLast } = await page(
        last ? [...conditions, beyond] : conditions,
        [...args, ...(last ? key.map((name) => encoded(last[name])) : [])],
        most - all.length,
      )
      for (const row of rows) all.push(row)
      if (isLast) return all
    }
  }
}

const isTooLarge = (cause: unknown): boolean =>
  cause instanceof Error && 'code' in cause && cause.code === 'RESPONSE_TOO_LARGE'

function encoded(value: unknown): InValue {
  if (value instanceof Date) return value.getTime()
  if (typeof value === 'object' && value !== null) return JSON.stringify(value)
  return (value ?? null) as InValue
}

/** How many rows one statement writes: SQLite takes 32,766 values at most, and Turso fewer bytes. */
const ROWS_AT_ONCE = 100

/**
 * Statements that insert rows, many at once, with what is to be done about those that exist.
 *
 * @param conflict from `ON CONFLICT` on
 */
export function insertsOf<T extends Table>(
  table: T,
  rows: readonly T['$inferInsert'][],
  conflict: string,
): { sql: string; args: InValue[] }[] {
  const names = Object.keys(getTableColumns(table))
  const into = `INSERT INTO ${getTableName(table)} (${names.map((name) => `"${snake(name)}"`).join(', ')}) VALUES `
  const places = `(${names.map(() => '?').join(', ')})`
  const statements: { sql: string; args: InValue[] }[] = []
  for (let from = 0; from < rows.length; from += ROWS_AT_ONCE) {
    const some: readonly Record<string, unknown>[] = rows.slice(from, from + ROWS_AT_ONCE)
    statements.push({
      sql: `${into}${some.map(() => places).join(', ')} ${conflict}`,
      args: some.flatMap((row) => names.map((name) => encoded(row[name]))),
    })
  }
  return statements
}
