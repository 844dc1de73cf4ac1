import type { Client } from '@libsql/client/web'
import type { Inspection } from '../ground'

/** How many mistakes of a damaged file are worth reading. */
const MISTAKES = 3

/**
 * Look at a database file from end to end. That takes its time, in which this connection does nothing else:
 * not for a connection that answers turns.
 */
export async function inspect(client: Client): Promise<Inspection> {
  const found = await mistakes(client)
  const tables = await sizes(client).catch(() => [])
  return { ...(found !== 'ok' && { problem: found }), tables }
}

/** What is wrong, or `ok`; of what is damaged so much that it cannot be read the refusal says so. */
async function mistakes(client: Client): Promise<string> {
  try {
    const { rows } = await client.execute(`PRAGMA integrity_check(${MISTAKES})`)
    return rows.map((row) => String(row[0])).join('; ')
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && /^SQLITE_CORRUPT/.test(String(cause.code)))
      return cause.message
    throw cause
  }
}

/** Not every SQLite can tell. */
async function sizes(client: Client): Promise<Inspection['tables']> {
  const { rows } = await client.execute(
    `SELECT tbl_name AS name, sum(pgsize) AS bytes
      FROM dbstat JOIN sqlite_master USING (name)
      WHERE aggregate = TRUE GROUP BY tbl_name ORDER BY bytes DESC, tbl_name`,
  )
  return rows.map(({ name, bytes }) => ({ name: String(name), bytes: Number(bytes) }))
}

/** How many rows a table has at most; undefined where its rows have no numbers. */
export interface TableRows {
  readonly name: string
  readonly atMost: number | undefined
}

/**
 * How many rows each table may have: told from their first and last numbers, as counting would read them
 * all. Where rows in between are gone there are fewer.
 */
async function tableRows(client: Client): Promise<readonly TableRows[]> {
  const { rows: tables } = await client.execute(
    `SELECT name, sql LIKE '%WITHOUT ROWID%' AS unnumbered FROM sqlite_master
      WHERE type = 'table' AND name NOT LIKE 'sqlite~_%' ESCAPE '~' AND name NOT LIKE 'libsql~_%' ESCAPE '~'
      ORDER BY name`,
  )
  const span = (name: string) => {
    const table = `"${name.replaceAll('"', '""')}"`
    return `SELECT coalesce((SELECT max(rowid) FROM ${table}) - (SELECT min(rowid) FROM ${table}) + 1, 0)`
  }
  const statements = tables.map(({ name, unnumbered }) =>
    unnumbered ? 'SELECT NULL' : span(String(name)),
  )
  const results = statements.length > 0 ? await client.batch(statements, 'read') : []
  return tables
    .map(({ name }, at) => {
      const most = results[at]?.rows[0]?.[0]
      return { name: String(name), atMost: typeof most === 'number' ? most : undefined }
    })
    .toSorted((a, b) => (b.atMost ?? -1) - (a.atMost ?? -1))
}

/** What is cheap to know of a database that turns use. */
export const createInspection = (client: Client, now: () => number) => ({
  tables: () => tableRows(client),
  latency: () => databaseLatency(client, now),
})

export type DatabaseInspection = ReturnType<typeof createInspection>

/** How long the database takes to say anything, in milliseconds. */
async function databaseLatency(client: Client, now: () => number): Promise<number> {
  const begun = now()
  await client.execute('SELECT 1')
  return now() - begun
}
