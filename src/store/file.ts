import { Database, type SQLQueryBindings } from 'bun:sqlite'
import { closeSync, existsSync, mkdirSync, openSync, type Stats, statSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Client, InArgs, InStatement, InValue, ResultSet, Row } from '@libsql/client/web'
import { DatabaseAway } from './fault'
import { explainFileFault } from './file-fault'
import { createStatements } from './file-statements'
import { patient } from './patient'

type BatchItem = InStatement | [sql: string, args?: InArgs]

/** How long opening waits for another process. */
const OPEN_MS = 2000

const PRAGMAS = [
  `busy_timeout = ${OPEN_MS}`,
  'journal_mode = WAL',
  'synchronous = NORMAL',
  'foreign_keys = ON',
  'journal_size_limit = 67108864',
  // Waiting would block the event loop: `patient` asks again instead.
  'busy_timeout = 0',
]

/** Of a file that is only read: it stays as it is, whatever somebody asks of it. */
const READING = [`busy_timeout = ${OPEN_MS}`, 'query_only = ON']

interface FileOptions {
  /** Whole numbers come as `bigint`, so that none is rounded. */
  readonly exact?: boolean
  /** The file must be there, and nothing is written. */
  readonly reading?: boolean
}

/**
 * A libSQL client over the SQLite inside Bun.
 *
 * `@libsql/client` opens files with a native addon that `bun build --compile` cannot carry. The file
 * format is the same, so a database can move to Turso later without conversion.
 *
 * There are no interactive transactions: everyone shares one connection, so statements of another
 * request would slip into them. Use `batch`, which is atomic here and a single round trip on Turso.
 *
 * @throws SetupError that says what is wrong with the file, and what to do; nothing is overwritten.
 */
export function openFile(path: string, { exact, reading }: FileOptions = {}): Client {
  const database = explainFileFault(path, () => {
    if (path !== ':memory:' && !reading) makeFile(path)
    const opened = new Database(path, {
      create: !reading,
      readwrite: true,
      safeIntegers: exact === true,
    })
    for (const pragma of reading ? READING : PRAGMAS) opened.run(`PRAGMA ${pragma}`)
    return opened
  })
  const statements = createStatements((sql) => database.prepare<unknown, SQLQueryBindings[]>(sql))

  const run = (item: BatchItem): ResultSet => {
    const [sql, args = []] =
      typeof item === 'string' ? [item] : Array.isArray(item) ? item : [item.sql, item.args]
    const statement = statements.of(sql)
    const bindings = (Array.isArray(args) ? args : [args]) as SQLQueryBindings[]
    const columns = statement.columnNames
    if (columns.length > 0) return result(columns, statement.values(...bindings) as InValue[][])
    const { changes, lastInsertRowid } = statement.run(...bindings)
    return result([], [], changes, BigInt(lastInsertRowid))
  }
  const batch = database.transaction((items: BatchItem[]) => items.map(run))
  const opened = path === ':memory:' ? undefined : statSync(path)
  let closed = false

  /** What is written to a file that was deleted or replaced is lost, and SQLite does not say so. */
  function checkPlace(): void {
    if (opened && !isThere(path, opened))
      throw new DatabaseAway(
        `The file ${path} was moved, deleted or replaced while it was open. Put it back, or start Groxy anew.`,
      )
  }

  return patient({
    protocol: 'file',
    get closed() {
      return closed
    },
    async execute(item: InStatement, args?: InArgs) {
      checkPlace()
      return run(typeof item === 'string' && args ? [item, args] : item)
    },
    async batch(items: BatchItem[]) {
      checkPlace()
      return reading ? batch(items) : batch.immediate(items)
    },
    async migrate(items: InStatement[]) {
      statements.clear()
      database.run('PRAGMA foreign_keys = OFF')
      try {
        return batch.immediate(items)
      } finally {
        statements.clear()
        database.run('PRAGMA foreign_keys = ON')
      }
    },
    async executeMultiple(sql: string) {
      statements.clear()
      database.run(sql)
    },
    transaction: () => Promise.reject(new Error('Interactive transactions are not used: batch.')),
    sync: () => Promise.reject(new Error('A local file has nothing to sync with.')),
    reconnect() {},
    close() {
      closed = true
      statements.clear()
      database.close()
    },
  } as Client)
}

/** Some file systems give a file other numbers now and then, but none another time at which it was made. */
function isThere(path: string, opened: Stats): boolean {
  const found = statSync(path, { throwIfNoEntry: false })
  return found?.ino === opened.ino || found?.birthtimeMs === opened.birthtimeMs
}

/** Only this user may read it: it holds what programs asked for, if not what they said. */
function makeFile(path: string): void {
  mkdirSync(dirname(path), { recursive: true })
  if (!existsSync(path)) closeSync(openSync(path, 'wx', 0o600))
}

function result(
  columns: string[],
  tuples: InValue[][],
  rowsAffected = 0,
  lastInsertRowid?: bigint,
): ResultSet {
  const rows = tuples.length > 0 ? tuples.map(rowMaker(columns)) : []
  return {
    columns,
    columnTypes: columns.map(() => ''),
    rows,
    rowsAffected,
    lastInsertRowid,
    toJSON: () => ({ columns, rows }),
  }
}

/**
 * libSQL rows answer to names and to positions; positions stay out of JSON. They are made by the ten
 * thousand, so what they have in common is made once.
 */
function rowMaker(columns: readonly string[]): (tuple: readonly InValue[]) => Row {
  const positions = Object.defineProperty({}, 'length', { value: columns.length })
  for (const [index, name] of columns.entries())
    Object.defineProperty(positions, index, {
      get(this: Record<string, InValue>) {
        return this[name]
      },
    })
  // Of columns that share a name only positions tell which is meant.
  const isAmbiguous = new Set(columns).size < columns.length
  return (tuple) => {
    const row = Object.create(positions)
    for (let index = 0; index < columns.length; index++) {
      row[columns[index] ?? ''] = tuple[index]
      if (isAmbiguous) Object.defineProperty(row, index, { value: tuple[index] })
    }
    return row
  }
}
