import type { InValue, Row } from '@libsql/client/web'
import type { CopyTable } from './copy-tables'
import type { Patient } from './patient'

/** What SQLite keeps, as it is: whole numbers as `bigint`. */
export type Value = null | bigint | number | string | Uint8Array

/** A row of a table, its key first. */
export interface CopyRow {
  readonly values: readonly Value[]
  /** About how many bytes it takes on its way. */
  readonly weight: number
}

/** What is read at once: a libSQL server refuses to say more than 10 MB, and signs may take six bytes. */
const PAGE_BYTES = 1_500_000
const PAGE_ROWS = 4_000
/** The least that is tried where a server finds that too much. */
const LEAST_BYTES = 1_000

/** Goes through the rows of a table in the order of their keys, so many bytes at once. */
export interface Cursor {
  /** The row that it stands at; undefined at the end. Only when it is not dry. */
  head(): CopyRow | undefined
  advance(): void
  /** Whether more has to be read before `head` tells. */
  isDry(): boolean
  fill(): Promise<void>
}

/** The next rows are asked for while those that are here are looked at. */
export function createCursor(end: Pick<Patient, 'execute'>, table: CopyTable): Cursor {
  const pages = createPages(end, table)
  let rows: readonly CopyRow[] = []
  let at = 0
  let isLast = false
  let coming: Promise<Page> | undefined

  function ask(last: CopyRow | undefined): void {
    coming = pages(last)
    // Nobody waits for it where the copy ends before.
    coming.catch(() => {})
  }

  return {
    head: () => rows[at],
    advance: () => void at++,
    isDry: () => at >= rows.length && !isLast,
    async fill() {
      if (!coming) ask(undefined)
      const page = await coming
      if (!page) return
      rows = page.rows
      at = 0
      isLast = page.isLast
      if (!isLast) ask(rows.at(-1))
    },
  }
}

interface Page {
  readonly rows: readonly CopyRow[]
  readonly isLast: boolean
}

/**
 * Reads what comes behind a row: as many rows as weigh no more than a page, but one at least. The end of it
 * is found first, by the lengths that stand in the heads of rows, so that no page is larger than it should be.
 */
function createPages(end: Pick<Patient, 'execute'>, table: CopyTable) {
  const { name, columns, keySize, weight, where } = table
  const names = columns.map((_, at) => `c${at}`)
  const keys = columns.slice(0, keySize).join(', ')
  const places = columns.slice(0, keySize).map(() => '?')
  const all = columns.map((column, at) => `${column} AS c${at}`).join(', ')
  let bytes = PAGE_BYTES

  const sqlOf = (isFirst: boolean): string => {
    const behind = isFirst ? where : `${where} AND (${keys}) > (${places.join(', ')})`
    return `SELECT ${all}, ${weight} AS weight FROM ${name} WHERE ${behind} AND (${keys}) <= (
      SELECT ${keys} FROM (
        SELECT ${keys}, sum(weight) OVER (ORDER BY ${keys} ROWS UNBOUNDED PRECEDING) - weight AS before
        FROM (SELECT ${keys}, ${weight} AS weight FROM ${name}
          WHERE ${behind} ORDER BY ${keys} LIMIT ${PAGE_ROWS}))
      WHERE before < ? ORDER BY before DESC LIMIT 1)
    ORDER BY ${keys}`
  }
  const [first, next] = [sqlOf(true), sqlOf(false)]

  return async (last: CopyRow | undefined): Promise<Page> => {
    const behind = (last?.values.slice(0, keySize) ?? []) as InValue[]
    for (;;) {
      try {
        const found = await end.execute({
          sql: last ? next : first,
          args: [...behind, ...behind, bytes],
        })
        const rows = found.rows.map((row) => rowOf(row, names))
        const total = rows.reduce((sum, row) => sum + row.weight, 0)
        // Another one would have come with them.
        return { rows, isLast: rows.length < PAGE_ROWS && total < bytes }
      } catch (cause) {
        if (bytes <= LEAST_BYTES || !isTooMuch(cause)) throw cause
        bytes = Math.ceil(bytes / 4)
      }
    }
  }
}

const isTooMuch = (cause: unknown): boolean =>
  cause instanceof Error && 'code' in cause && cause.code === 'RESPONSE_TOO_LARGE'

const rowOf = (row: Row, names: readonly string[]): CopyRow => ({
  values: names.map((name) => exactValue(row[name])),
  weight: Number(row.weight),
})

/** SQLite inside Bun and a server each have their own form of bytes. */
export const exactValue = (value: unknown): Value =>
  value instanceof ArrayBuffer ? new Uint8Array(value) : (value as Value)

/** Whether two rows hold the same: a number and a text are never the same, nor are 1 and 1.0. */
export function sameValues(one: readonly Value[], other: readonly Value[]): boolean {
  for (let at = 0; at < one.length; at++) {
    const [a, b] = [one[at], other[at]]
    if (a === b) continue
    if (!(a instanceof Uint8Array && b instanceof Uint8Array && sameBytes(a, b))) return false
  }
  return one.length === other.length
}

function sameBytes(one: Uint8Array, other: Uint8Array): boolean {
  if (one.length !== other.length) return false
  for (let at = 0; at < one.length; at++) if (one[at] !== other[at]) return false
  return true
}

/** Which of two keys SQLite has first: below 0 for the first one. */
export function compareKeys(one: CopyRow, other: CopyRow, size: number): number {
  for (let at = 0; at < size; at++) {
    const order = compareValues(one.values[at], other.values[at])
    if (order !== 0) return order
  }
  return 0
}

function compareValues(one: Value | undefined, other: Value | undefined): number {
  if (one === other) return 0
  if (typeof one === 'string' && typeof other === 'string') return compareTexts(one, other)
  if (typeof one === 'string') return 1
  if (typeof other === 'string') return -1
  return (one as bigint) < (other as bigint) ? -1 : 1
}

/** By the bytes of UTF-8, as SQLite does: pairs of surrogates come behind all other signs. */
export function compareTexts(one: string, other: string): number {
  const length = Math.min(one.length, other.length)
  for (let at = 0; at < length; at++) {
    const [a, b] = [one.charCodeAt(at), other.charCodeAt(at)]
    if (a !== b) return rankOf(a) - rankOf(b)
  }
  return one.length - other.length
}

const rankOf = (unit: number): number => (unit >= 0xd800 && unit < 0xe000 ? unit + 0x10000 : unit)
