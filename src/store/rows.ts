import type { Client, InValue, Row } from '@libsql/client/web'
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

/** Reads whole tables, sooner than a query builder would: every start waits for the snapshot. */
export function createReader<T extends Table>(client: Client, table: T) {
  const columns = Object.entries(getTableColumns(table))
  const names = columns.map(([name]) => name)
  const decoders = columns.map(([, { dataType }]) => DECODERS[dataType])
  const select = `SELECT ${names.map((name) => `"${snake(name)}" AS "${name}"`).join(', ')} FROM ${getTableName(table)}`

  function read(row: Row): T['$inferSelect'] {
    const record: Record<string, unknown> = {}
    for (let at = 0; at < names.length; at++) {
      const name = names[at] ?? ''
      const value = row[name]
      const decode = decoders[at]
      record[name] = decode && value !== null ? decode(value) : value
    }
    return record
  }

  /** @param rest what comes after the name of the table: conditions and order */
  return async (rest = '', args: InValue[] = []): Promise<T['$inferSelect'][]> => {
    const { rows } = await gathered(client).execute({ sql: `${select} ${rest}`, args })
    return rows.map(read)
  }
}

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
