import type { InStatement, InValue, Row } from '@libsql/client/web'
import type { Patient } from './patient'

/** An item as it comes back: what was said, under its id. */
export type KeptItem = Readonly<Record<string, unknown>> & { readonly id: string }

/** An item as it is written. */
export interface NewItem {
  readonly side: 'request' | 'terms' | 'input' | 'output'
  readonly id: string
  /** SHA-256 over the key's id and the body. */
  readonly hash: string
  /** Its JSON without the id. */
  readonly body: string
}

/** What has to hold for a statement to change anything. */
export interface Guard {
  readonly sql: string
  readonly args: readonly InValue[]
}

const ALWAYS: Guard = { sql: 'true', args: [] }

/** A libSQL server takes no value above 4 MiB; a character takes three bytes at most. */
const PART = 1_000_000
/** A libSQL server answers with 10 MB at most. */
const READ_AT_ONCE = 4_000_000

/** Bodies of one statement: few sizes, so that the database prepares few statements. */
const SIZES = [10, 1] as const

/** Statements that keep the bodies of items, as far as they are not kept yet. */
export function bodyInserts(items: readonly NewItem[], guard = ALWAYS): InStatement[] {
  const seen = new Set<string>()
  const rows: [hash: string, part: number, body: string][] = []
  for (const { hash, body } of items) {
    if (seen.has(hash)) continue
    seen.add(hash)
    for (const [part, text] of partsOf(body).entries()) rows.push([hash, part, text])
  }
  const statements: InStatement[] = []
  for (let from = 0; from < rows.length; ) {
    const size = SIZES.find((count) => from + count <= rows.length) ?? 1
    const values = Array(size).fill('(?, ?, ?)').join(', ')
    statements.push({
      sql: `INSERT INTO item_bodies (hash, part, bytes, body)
        SELECT column1, column2, octet_length(column3), column3 FROM (VALUES ${values})
        WHERE ${guard.sql} ON CONFLICT DO NOTHING`,
      args: [...rows.slice(from, from + size).flat(), ...guard.args],
    })
    from += size
  }
  return statements
}

function partsOf(body: string): string[] {
  const parts: string[] = []
  for (let from = 0; from < body.length; ) {
    let end = Math.min(body.length, from + PART)
    // Between the halves of a character both would be lost.
    if (end < body.length && isHighHalf(body.charCodeAt(end - 1))) end--
    parts.push(body.slice(from, end))
    from = end
  }
  return parts
}

const isHighHalf = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdbff

const SIDES_BELOW = { request: -2, terms: -1 } as const

/** Positions of a new owner's items: inputs and outputs count from 0. */
export function itemInserts(ownerId: string, items: readonly NewItem[]): InStatement {
  let next = 0
  const rows = items.map(({ side, id, hash }) => [
    side === 'input' || side === 'output' ? next++ : SIDES_BELOW[side],
    side,
    id,
    hash,
  ])
  return {
    sql: `INSERT INTO said_items (owner_id, position, side, id, hash)
      SELECT ?, value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each(?)
      WHERE true ON CONFLICT DO NOTHING`,
    args: [ownerId, JSON.stringify(rows)],
  }
}

/** Adds items behind those that an owner has, whoever else adds some at the same time. */
export const itemAppends = (
  ownerId: string,
  items: readonly NewItem[],
  guard: Guard,
): InStatement => ({
  sql: `INSERT INTO said_items (owner_id, position, side, id, hash)
    SELECT ?, key + ${NEXT_POSITION}, value ->> 0, value ->> 1, value ->> 2 FROM json_each(?)
    WHERE ${guard.sql}`,
  args: [
    ownerId,
    ownerId,
    JSON.stringify(items.map(({ side, id, hash }) => [side, id, hash])),
    ...guard.args,
  ],
})

const NEXT_POSITION = `(SELECT coalesce(max(position), -1) + 1 FROM said_items
  WHERE owner_id = ? AND position >= 0)`

/**
 * Statements that remove items, and the bodies that nobody else refers to. The first gives back how
 * many bytes each of those had.
 *
 * @param which says of the row of `said_items` with that name whether it is one of them; it has
 * numbered arguments
 */
export const itemDeletes = (
  which: (name: string) => string,
  args: InValue[],
): [InStatement, InStatement] => [
  {
    sql: `DELETE FROM item_bodies
      WHERE hash IN (SELECT theirs.hash FROM said_items theirs WHERE ${which('theirs')})
      AND NOT EXISTS (SELECT 1 FROM said_items others
        WHERE others.hash = item_bodies.hash AND NOT (${which('others')}))
      RETURNING bytes`,
    args,
  },
  {
    sql: `DELETE FROM said_items WHERE rowid IN
      (SELECT theirs.rowid FROM said_items theirs WHERE ${which('theirs')})`,
    args,
  },
]

/**
 * A question for items with their bodies, in order. As many bodies come along as an answer may hold.
 *
 * @param ctes ends with `wanted(n, id, hash)`, whose `n` is the order
 */
export const itemsQuestion = (ctes: string): string => `${ctes},
  sized AS (
    SELECT w.n, w.id, w.hash, b.part, b.bytes, sum(b.bytes) OVER (ORDER BY w.n, b.part) AS upto
    FROM wanted w LEFT JOIN item_bodies b ON b.hash = w.hash)
  SELECT id, hash, part, bytes, CASE WHEN upto <= ${READ_AT_ONCE} THEN
    (SELECT body FROM item_bodies b WHERE b.hash = sized.hash AND b.part = sized.part) END AS body
  FROM sized ORDER BY n, part`

const FETCH = `SELECT hash, part, body FROM item_bodies
  WHERE (hash, part) IN (SELECT value ->> 0, value ->> 1 FROM json_each(?))`

/** Makes items of the answer to such a question, and fetches what was too much for it. */
export async function readItems(client: Patient, rows: readonly Row[]): Promise<KeptItem[]> {
  const more = await fetchMissing(client, rows)
  const items: KeptItem[] = []
  for (let at = 0; at < rows.length; ) {
    const { id, hash } = rows[at] as Row
    let body = ''
    do {
      const row = rows[at++] as Row
      body += row.body ?? more.get(`${row.hash} ${row.part}`) ?? lost(row)
    } while (Number(rows[at]?.part ?? 0) > 0)
    items.push(keptItem(String(id), body, String(hash)))
  }
  return items
}

function keptItem(id: string, body: string, hash: string): KeptItem {
  try {
    return { id, ...JSON.parse(body) }
  } catch (cause) {
    throw new Error(`The item ${hash} is damaged.`, { cause })
  }
}

function lost({ hash }: Row): never {
  throw new Error(`The item ${hash} is missing.`)
}

async function fetchMissing(
  client: Patient,
  rows: readonly Row[],
): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>()
  const missing = rows.filter(({ body, part }) => body === null && part !== null)
  for (let from = 0; from < missing.length; ) {
    const names: InValue[][] = []
    let bytes = 0
    do {
      const row = missing[from++] as Row
      names.push([String(row.hash), Number(row.part)])
      bytes += Number(row.bytes)
    } while (bytes + Number(missing[from]?.bytes ?? READ_AT_ONCE) <= READ_AT_ONCE)
    const { rows: fetched } = await client.execute({ sql: FETCH, args: [JSON.stringify(names)] })
    for (const { hash, part, body } of fetched) found.set(`${hash} ${part}`, String(body))
  }
  return found
}
