import { expect } from 'bun:test'
import type { Client, InValue } from '@libsql/client/web'

/** What no copy has: who is there, and bytes of media, which move as objects. */
const OTHERS = ['instances', 'objects', 'object_parts', '__drizzle_migrations']

type Asked = Pick<Client, 'execute' | 'batch'>

async function tablesOf(client: Asked): Promise<string[]> {
  const { rows } = await client.execute(
    "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'libsql_%' ORDER BY name",
  )
  return rows.map(({ name }) => String(name)).filter((name) => !OTHERS.includes(name))
}

async function columnsOf(client: Asked, table: string) {
  const { rows } = await client.execute(
    `SELECT name, type, "notnull" FROM pragma_table_info('${table}')`,
  )
  return rows.map(({ name, type, notnull }) => ({
    name: String(name),
    type: String(type).toLowerCase(),
    isNeeded: Number(notnull) === 1,
  }))
}

/** What is easily changed on its way. */
const TEXTS = [
  '',
  "it's",
  '"quoted"\n\t\\',
  'naïve 漢字 🏳️‍🌈 \u{10ffff}',
  '\uffff\ue000',
  'nul\0within',
  ' 1 ',
  '{"a":[1]}',
]
const NUMBERS = [
  0n,
  1n,
  -1n,
  9_007_199_254_740_993n,
  -9_223_372_036_854_775_808n,
  9_223_372_036_854_775_807n,
]
const REALS = [0.1, -1e-300, 1e300, 2, 123_456.789]

function valueFor(type: string, isNeeded: boolean, seed: number): InValue {
  if (!isNeeded && seed % 3 === 0) return null
  if (type === 'integer') return NUMBERS[seed % NUMBERS.length] ?? 0n
  if (type === 'real') return REALS[seed % REALS.length] ?? 0.5
  const text = `${TEXTS[seed % TEXTS.length]} ${seed}`
  return seed % 7 === 0 ? text.repeat(200) : text
}

/** Put rows into every table, with whatever a column takes. */
export async function fillEveryTable(client: Asked, count: number, from = 0): Promise<void> {
  for (const table of await tablesOf(client)) {
    const columns = await columnsOf(client, table)
    // A file without its bytes is another matter.
    if (table === 'files') continue
    const statements = Array.from({ length: count }, (_, nth) => ({
      sql: `INSERT INTO ${table} (${columns.map(({ name }) => `"${name}"`).join(', ')})
        VALUES (${columns.map(() => '?').join(', ')})`,
      args: columns.map(({ name, type, isNeeded }, column) => {
        const seed = (from + nth) * 31 + column
        if (table === 'media' && name === 'bytes') return null
        if (table === 'settings' && name === 'value') return JSON.stringify(`${seed}`)
        // Keys, and what must be there once only.
        if (type === 'integer')
          return isNeeded ? BigInt(1_000_000 + from + nth) : valueFor(type, false, seed)
        return valueFor(type, isNeeded, seed)
      }),
    }))
    await client.batch(statements, 'write')
  }
}

/** Rows of a few hundred bytes. */
const PAGE = 2_000

/** All that a database holds, as SQLite itself writes it: a hash for each table, and how many rows it has. */
export async function contentsOf(client: Asked): Promise<Record<string, string>> {
  const found: Record<string, string> = {}
  for (const table of await tablesOf(client)) {
    const columns = await columnsOf(client, table)
    const line = columns
      .map(({ name }) => `quote("${name}") || typeof("${name}")`)
      .join(` || '|' || `)
    const where = table === 'settings' ? "name <> 'copy'" : 'true'
    const hash = new Bun.CryptoHasher('sha256')
    let count = 0
    for (;;) {
      const { rows } = await client.execute(
        `SELECT ${line} AS line FROM ${table} WHERE ${where} ORDER BY 1 LIMIT ${PAGE} OFFSET ${count}`,
      )
      for (const row of rows) hash.update(`${row.line}\n`)
      count += rows.length
      if (rows.length < PAGE) break
    }
    found[table] = `${count} ${hash.digest('hex')}`
  }
  return found
}

/** Every table has something in it. */
export function expectEveryTableFilled(
  contents: Record<string, string>,
  except: readonly string[] = [],
): void {
  const empty = Object.entries(contents).filter(([, content]) => content.startsWith('0 '))
  expect(empty.map(([name]) => name).filter((name) => !except.includes(name))).toEqual([])
  expect(Object.keys(contents).length).toBeGreaterThan(30)
}
