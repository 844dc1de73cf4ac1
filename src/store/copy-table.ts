import type { InStatement, InValue } from '@libsql/client/web'
import { SetupError } from '../errors'
import {
  type CopyRow,
  compareKeys,
  createCursor,
  exactValue,
  sameValues,
  type Value,
} from './copy-rows'
import type { CopyTable } from './copy-tables'
import type { Patient } from './patient'

/** How far a table is. */
export interface TableTally {
  /** Rows of the source that were looked at, and what they weigh. */
  readonly rows: number
  readonly bytes: number
  /** Rows that the target had not, or not so; and rows that the source has not. */
  readonly written: number
  readonly removed: number
}

interface TableCopy {
  readonly source: Pick<Patient, 'execute'>
  readonly target: Patient
  readonly table: CopyTable
  /** Goes before everything that is written, and fails where it must not be; undefined for only comparing. */
  readonly fence: InStatement | undefined
  readonly onProgress: (tally: TableTally) => void
  /** @throws when there is to be no more of it */
  readonly check: () => void
}

/** What is written together: a libSQL server takes some megabytes at once. */
const BATCH_BYTES = 1_500_000
const BATCH_ROWS = 2_000
/** Rows of one statement: few sizes, so that the database prepares few statements. */
const SIZES = [100, 10, 1]

/**
 * Make a table of the target equal to that of the source: both are gone through side by side, in the order
 * of their keys, and what differs is written, and read again to see that it has come to be as it should.
 * It may stop anywhere and begin again: what is there already is only compared.
 */
export async function copyTable(copy: TableCopy): Promise<TableTally> {
  const { table, fence, onProgress, check } = copy
  const source = createCursor(copy.source, table)
  const target = createCursor(copy.target, table)
  let [rows, bytes, written, removed] = [0, 0, 0, 0]
  let [put, gone]: [CopyRow[], CopyRow[]] = [[], []]
  let weight = 0
  let writing: Promise<void> = Promise.resolve()
  const tally = (): TableTally => ({ rows, bytes, written, removed })

  /** What is written is not waited for before the next is to be: reading goes on. */
  async function flush(): Promise<void> {
    await writing
    const some = [put, gone] as const
    written += put.length
    removed += gone.length
    put = []
    gone = []
    weight = 0
    if (!fence) return
    writing = write(copy.target, table, { fence, put: some[0], gone: some[1] }).catch((cause) => {
      throw tooLarge(cause, table, some[0]) ?? cause
    })
    // It is heard of where it is waited for.
    writing.catch(() => {})
  }

  for (;;) {
    if (source.isDry() || target.isDry()) {
      check()
      await Promise.all([source, target].filter((one) => one.isDry()).map((one) => one.fill()))
      onProgress(tally())
      continue
    }
    const [ours, theirs] = [source.head(), target.head()]
    if (!ours && !theirs) break
    const order = !ours ? 1 : !theirs ? -1 : compareKeys(ours, theirs, table.keySize)
    if (ours && order <= 0) {
      rows++
      bytes += ours.weight
      if (!theirs || order < 0 || !sameValues(ours.values, theirs.values)) {
        put.push(ours)
        weight += ours.weight
      }
      source.advance()
    }
    if (theirs && order >= 0) {
      if (order > 0) gone.push(theirs)
      target.advance()
    }
    if (weight >= BATCH_BYTES || put.length + gone.length >= BATCH_ROWS) {
      check()
      await flush()
      onProgress(tally())
    }
  }
  if (put.length + gone.length > 0) await flush()
  await writing
  return tally()
}

/** A file takes rows that a server does not: which one it is helps, and what it weighs. */
function tooLarge(
  cause: unknown,
  { name, keySize }: CopyTable,
  rows: readonly CopyRow[],
): SetupError | undefined {
  if (!(cause instanceof Error && /too big/i.test(cause.message))) return
  const [largest] = rows.toSorted((a, b) => b.weight - a.weight)
  if (!largest) return
  const key = largest.values.slice(0, keySize).join(', ')
  return new SetupError(
    `The row ${key} of the table ${name} has ${largest.weight} bytes, and the target takes none of that size.`,
    'A libSQL server takes rows of up to 4 MB. Remove at the source what it belongs to, and run the same command again.',
    cause,
  )
}

interface Changes {
  readonly fence: InStatement
  readonly put: readonly CopyRow[]
  readonly gone: readonly CopyRow[]
}

/** All of it or nothing, and then what is there instead. */
async function write(
  target: Patient,
  table: CopyTable,
  { fence, put, gone }: Changes,
): Promise<void> {
  const puts = inParts(put)
  const removes = inParts(gone)
  const results = await target.batch(
    [
      fence,
      ...removes.map((rows) => remove(table, rows)),
      ...puts.map((rows) => insert(table, rows)),
      ...puts.map((rows) => look(table, rows)),
      ...removes.map((rows) => look(table, rows)),
    ],
    'write',
  )
  const looks = results.slice(1 + removes.length + puts.length)
  const wanted = [...puts.map((rows) => rows), ...removes.map(() => [])]
  for (const [at, rows] of wanted.entries()) {
    const found = looks[at]?.rows ?? []
    const isThere =
      found.length === rows.length &&
      rows.every(({ values }, nth) =>
        sameValues(
          values,
          values.map((_, column) => exactValue(found[nth]?.[column])),
        ),
      )
    if (!isThere) throw new Error(`The database does not keep rows of ${table.name} as they are.`)
  }
}

function inParts(rows: readonly CopyRow[]): (readonly CopyRow[])[] {
  const parts: (readonly CopyRow[])[] = []
  for (let from = 0; from < rows.length; ) {
    const size = SIZES.find((most) => from + most <= rows.length) ?? 1
    parts.push(rows.slice(from, from + size))
    from += size
  }
  return parts
}

/** Another row that stands in the way, by a name that it has no more, gives way. */
function insert({ name, columns }: CopyTable, rows: readonly CopyRow[]): InStatement {
  const places = `(${columns.map(() => '?').join(', ')})`
  return {
    sql: `INSERT OR REPLACE INTO ${name} (${columns.join(', ')}) VALUES ${rows.map(() => places).join(', ')}`,
    args: rows.flatMap(({ values }) => values.map(sendable)),
  }
}

const remove = (table: CopyTable, rows: readonly CopyRow[]): InStatement => ({
  sql: `DELETE FROM ${table.name} WHERE ${among(table, rows)}`,
  args: keysOf(table, rows),
})

const look = (table: CopyTable, rows: readonly CopyRow[]): InStatement => {
  const keys = table.columns.slice(0, table.keySize).join(', ')
  return {
    sql: `SELECT ${table.columns.join(', ')} FROM ${table.name} WHERE ${among(table, rows)} ORDER BY ${keys}`,
    args: keysOf(table, rows),
  }
}

function among({ columns, keySize }: CopyTable, rows: readonly CopyRow[]): string {
  const one = `(${Array(keySize).fill('?').join(', ')})`
  const keys = columns.slice(0, keySize).join(', ')
  const list = rows.map(() => one).join(', ')
  return `(${keys}) IN (VALUES ${list})`
}

const keysOf = ({ keySize }: CopyTable, rows: readonly CopyRow[]): InValue[] =>
  rows.flatMap(({ values }) => values.slice(0, keySize).map(sendable))

/** No surrogate without its other half can be sent. */
const sendable = (value: Value): InValue =>
  typeof value === 'string' ? value.toWellFormed() : (value as InValue)
