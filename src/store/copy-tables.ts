import { COPY_MARK } from './copy-mark'
import { openFile } from './file'
import { migrate } from './migrate'

/** How a table is read and written as a whole. */
export interface CopyTable {
  readonly name: string
  /** All columns, those of the key first; quoted where they are no names of SQLite's own. */
  readonly columns: readonly string[]
  /** How many columns the key has, which tells rows apart and orders them. */
  readonly keySize: number
  /** What a row weighs on its way, in bytes, as SQL. */
  readonly weight: string
  /** Which rows are copied, as SQL. */
  readonly where: string
}

/**
 * What stays behind: who shares the database now is nothing that could move, and bytes of media move as
 * objects, from wherever they are kept to wherever they are to be. Everything else goes, leases and parts
 * of limits too: what keys have used today counts there, and work that was left is taken over.
 */
const LEFT_BEHIND = ['instances', 'objects', 'object_parts', '__drizzle_migrations']

/** What each value costs beside its own bytes, in the words of a libSQL server. */
const VALUE_BYTES = 36

/**
 * Every table that is copied, as this version has it. Rows are told apart by the numbers that SQLite gives
 * them, where it does: they are read and written in the order in which they lie, and cleaning by that order
 * works on as before.
 */
export async function copyTables(): Promise<readonly CopyTable[]> {
  const client = openFile(':memory:')
  try {
    await migrate(client)
    const { rows } = await client.execute(
      `SELECT name, sql LIKE '%WITHOUT ROWID%' AS unnumbered FROM sqlite_master
        WHERE type = 'table' AND name NOT LIKE 'sqlite~_%' ESCAPE '~' ORDER BY rowid`,
    )
    const tables = rows.filter(({ name }) => !LEFT_BEHIND.includes(String(name)))
    return await Promise.all(
      tables.map(async ({ name, unnumbered }) => {
        const info = await client.execute({
          sql: 'SELECT name, type, pk FROM pragma_table_info(?)',
          args: [String(name)],
        })
        return tableOf(String(name), unnumbered === 1, info.rows as unknown as ColumnInfo[])
      }),
    )
  } finally {
    client.close()
  }
}

interface ColumnInfo {
  readonly name: string
  readonly type: string
  /** Its place in the primary key, from 1 on; 0 for none. */
  readonly pk: number
}

function tableOf(name: string, unnumbered: boolean, info: readonly ColumnInfo[]): CopyTable {
  const keys = info.filter(({ pk }) => pk > 0).toSorted((a, b) => a.pk - b.pk)
  const isNumber = keys.length === 1 && keys[0]?.type.toLowerCase() === 'integer'
  const key = unnumbered || isNumber ? keys.map((column) => quoted(column.name)) : ['rowid']
  const others = info.map((column) => quoted(column.name)).filter((column) => !key.includes(column))
  const long = info.filter(({ type }) => ['text', 'blob'].includes(type.toLowerCase()))
  const lengths = long.map((column) => `coalesce(octet_length(${quoted(column.name)}), 0)`)
  const columns = [...key, ...others]
  return {
    name,
    columns,
    keySize: key.length,
    weight: [String(columns.length * VALUE_BYTES), ...lengths].join(' + '),
    where: name === 'settings' ? `name <> '${COPY_MARK}'` : 'true',
  }
}

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`
