import { describe, expect, test } from 'bun:test'
import type { Client, InValue } from '@libsql/client/web'
import fc from 'fast-check'
import { SetupError } from '#src/errors'
import { compareTexts } from '#src/store/copy-rows'
import { copyTable } from '#src/store/copy-table'
import { type CopyTable, copyTables } from '#src/store/copy-tables'
import { openFile } from '#src/store/file'
import { openRemote } from '#src/store/remote'
import { isWithoutSqld, sqld } from '../support/sqld'

const FENCE = 'SELECT 1'
const LONG = 60_000

const NUMBERED: CopyTable = {
  name: 'numbered',
  columns: ['rowid', 'a', 'b', 'c', 'd'],
  keySize: 1,
  weight: '180 + coalesce(octet_length(a), 0) + coalesce(octet_length(d), 0)',
  where: 'true',
}
const NAMED: CopyTable = {
  name: 'named',
  columns: ['"by"', 'hour', 'name', 'turns'],
  keySize: 3,
  weight: '150 + octet_length("by") + octet_length(name)',
  where: 'true',
}
const MAKE = [
  'CREATE TABLE numbered (a text UNIQUE, b integer, c real, d blob)',
  'CREATE TABLE named ("by" text NOT NULL, hour integer NOT NULL, name text NOT NULL, turns integer, PRIMARY KEY ("by", hour, name)) WITHOUT ROWID',
]

async function emptyFile(): Promise<Client> {
  const client = openFile(':memory:', { exact: true })
  for (const sql of MAKE) await client.execute(sql)
  return client
}

async function put(client: Client, { name, columns }: CopyTable, rows: readonly InValue[][]) {
  const sql = `INSERT INTO ${name} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`
  for (const args of rows) await client.execute({ sql, args })
}

async function contentsOf(client: Client, { name, columns, keySize }: CopyTable) {
  const line = columns.map((column) => `quote(${column}) || typeof(${column})`).join(` || ' ' || `)
  const { rows } = await client.execute(
    `SELECT ${line} AS line FROM ${name} ORDER BY ${columns.slice(0, keySize).join(', ')}`,
  )
  return rows.map((row) => String(row.line))
}

const copied = (
  source: Client,
  target: Client,
  table: CopyTable,
  fence: string | undefined = FENCE,
) => copyTable({ source, target, table, fence, onProgress: () => {}, check: () => {} })

const text = fc
  .oneof(fc.string({ unit: 'binary' }), fc.constantFrom('\u{1f600}', '\uffff', '\ue000', ''))
  .map((value) => value.toWellFormed())
const whole = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
const real = fc.double({ noNaN: true, noDefaultInfinity: true })
const orNull = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null })

const numberedRow = fc.tuple(
  fc.bigInt({ min: -20n, max: 20n }),
  orNull(text),
  orNull(fc.oneof(whole, real)),
  orNull(real),
  orNull(fc.oneof(fc.uint8Array(), text, whole)),
)
const namedRow = fc.tuple(
  fc.constantFrom('a', '', '\u{1f600}', '\uffff'),
  fc.bigInt({ min: -2n, max: 2n }),
  text,
  orNull(whole),
)
const uniqueBy = (rows: readonly InValue[][], ...at: readonly number[]) => {
  const seen = at.map(() => new Set<unknown>())
  return rows.filter((row) => {
    if (at.some((column, nth) => row[column] !== null && seen[nth]?.has(row[column]))) return false
    for (const [nth, column] of at.entries()) seen[nth]?.add(row[column])
    return true
  })
}

test('whatever two tables hold, the second becomes as the first, and is left alone then', async () => {
  const tables = fc.record({
    ours: fc.array(numberedRow),
    theirs: fc.array(numberedRow),
    mine: fc.array(namedRow),
    his: fc.array(namedRow),
  })
  await fc.assert(
    fc.asyncProperty(tables, async ({ ours, theirs, mine, his }) => {
      const [source, target] = [await emptyFile(), await emptyFile()]
      await put(source, NUMBERED, uniqueBy(ours as InValue[][], 0, 1))
      await put(target, NUMBERED, uniqueBy(theirs as InValue[][], 0, 1))
      const keyed = (rows: unknown[][]) => [
        ...new Map(rows.map((row) => [`${row[0]}|${row[1]}|${row[2]}`, row as InValue[]])).values(),
      ]
      await put(source, NAMED, keyed(mine))
      await put(target, NAMED, keyed(his))
      for (const table of [NUMBERED, NAMED]) {
        await copied(source, target, table)
        expect(await contentsOf(target, table)).toEqual(await contentsOf(source, table))
        expect(await copied(source, target, table)).toMatchObject({ written: 0, removed: 0 })
      }
      source.close()
      target.close()
    }),
    { numRuns: 150 },
  )
})

test('texts are ordered as SQLite orders them', async () => {
  const client = openFile(':memory:')
  await fc.assert(
    fc.asyncProperty(text, text, async (one, other) => {
      const { rows } = await client.execute({ sql: 'SELECT ? < ? AS less', args: [one, other] })
      expect(compareTexts(one, other) < 0).toBe(rows[0]?.less === 1)
    }),
  )
})

test('what is only compared stays as it is, and is counted', async () => {
  const [source, target] = [await emptyFile(), await emptyFile()]
  await put(source, NUMBERED, [
    [1n, 'same', 1n, null, null],
    [2n, 'new', 1n, null, null],
    [3n, 'other', 1n, null, null],
  ])
  await put(target, NUMBERED, [
    [1n, 'same', 1n, null, null],
    [3n, 'other', 2n, null, null],
    [9n, 'gone', 2n, null, null],
  ])
  const before = await contentsOf(target, NUMBERED)
  const copy = {
    source,
    target,
    table: NUMBERED,
    fence: undefined,
    onProgress: () => {},
    check: () => {},
  }
  expect(await copyTable(copy)).toMatchObject({ rows: 3, written: 2, removed: 1 })
  expect(await contentsOf(target, NUMBERED)).toEqual(before)
})

test('a fence that fails keeps everything out', async () => {
  const [source, target] = [await emptyFile(), await emptyFile()]
  await put(source, NUMBERED, [[1n, 'new', 1n, null, null]])
  await put(target, NUMBERED, [[2n, 'theirs', 1n, null, null]])
  const before = await contentsOf(target, NUMBERED)
  await expect(copied(source, target, NUMBERED, "SELECT json('stop')")).rejects.toThrow(
    'malformed JSON',
  )
  expect(await contentsOf(target, NUMBERED)).toEqual(before)
})

test('a target that changes what is written is found out', async () => {
  const [source, target] = [await emptyFile(), await emptyFile()]
  await target.execute(
    'CREATE TRIGGER meddling AFTER INSERT ON numbered BEGIN UPDATE numbered SET b = 5; END',
  )
  await put(source, NUMBERED, [[1n, 'new', 1n, null, null]])
  await expect(copied(source, target, NUMBERED)).rejects.toThrow('does not keep rows of numbered')
})

test(
  'pages are cut by weight, so that rows that suddenly grow fill no memory',
  async () => {
    const [source, target] = [await emptyFile(), await emptyFile()]
    await source.execute(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9000)
    INSERT INTO numbered (rowid, a, b, d) SELECT i, 'row ' || i, i, iif(i % 300 = 0, randomblob(1000000), NULL) FROM n`)
    let largest = 0
    const heavy: Client = {
      ...source,
      execute: async (statement: never) => {
        const found = await source.execute(statement)
        const weight = found.rows.reduce((sum, row) => sum + Number(row.weight), 0)
        largest = Math.max(largest, weight)
        return found
      },
    }
    expect(await copied(heavy, target, NUMBERED)).toMatchObject({ rows: 9_000, written: 9_000 })
    expect(largest).toBeLessThan(2_600_000)
    expect(await contentsOf(target, NUMBERED)).toEqual(await contentsOf(source, NUMBERED))
  },
  LONG,
)

test('every table of the schema has a key, and none is left out but what stays behind', async () => {
  const tables = await copyTables()
  const names = tables.map(({ name }) => name)
  expect(names).toEqual(
    expect.arrayContaining([
      'accounts',
      'keys',
      'settings',
      'allowances',
      'responses',
      'ledger_days',
    ]),
  )
  for (const name of ['instances', 'objects', 'object_parts']) expect(names).not.toContain(name)
  expect(tables.find(({ name }) => name === 'ledger_rollups')?.columns.slice(0, 3)).toEqual([
    '"by"',
    '"hour"',
    '"name"',
  ])
  expect(tables.find(({ name }) => name === 'ledger')?.columns[0]).toBe('"id"')
  expect(tables.find(({ name }) => name === 'responses')?.columns[0]).toBe('rowid')
})

describe.skipIf(isWithoutSqld)('over a libSQL server', () => {
  test(
    'there and back again nothing is lost or rounded, whatever it is',
    async () => {
      await using server = await sqld()
      const remote = openRemote(server.url, undefined, { exact: true, isLong: true })
      for (const sql of MAKE) await remote.execute(sql)
      const [source, back] = [await emptyFile(), await emptyFile()]
      const rows: InValue[][] = [
        [
          1n,
          'naïve 漢字 🏳️‍🌈 \u{10ffff}\0\u0001',
          9_007_199_254_740_993n,
          0.1,
          new Uint8Array([0, 255, 10]),
        ],
        [2n, null, -(2n ** 63n), 1e300, null],
        [3n, '', 2n ** 63n - 1n, 2, new Uint8Array(0)],
        [4n, '\uffff', 1.5, -1e-300, 'a text in a column of bytes'],
        [5n, 'x'.repeat(3_900_000), 0n, 5, null],
        [6n, '\u0001'.repeat(1_400_000), 0n, 5, null],
        ...Array.from({ length: 3_000 }, (_, at) => [
          BigInt(at + 10),
          `row ${at} "\n"`,
          BigInt(at),
          at / 7,
          null,
        ]),
      ]
      await put(source, NUMBERED, rows)
      await put(source, NAMED, [
        ['\uffff', 1n, 'z', 1n],
        ['\u{1f600}', 1n, 'z', 2n],
        ['', -1n, '', null],
      ])
      for (const table of [NUMBERED, NAMED]) {
        await copied(source, remote, table)
        expect(await copied(source, remote, table)).toMatchObject({ written: 0, removed: 0 })
        await copied(remote, back, table)
        expect(await contentsOf(back, table)).toEqual(await contentsOf(source, table))
      }
      await source.execute('DELETE FROM numbered WHERE rowid BETWEEN 100 AND 2500')
      await source.execute("UPDATE numbered SET a = 'changed' WHERE rowid = 2600")
      expect(await copied(source, remote, NUMBERED)).toMatchObject({ written: 1, removed: 2_401 })
      expect(await copied(source, remote, NUMBERED)).toMatchObject({ written: 0, removed: 0 })
    },
    LONG,
  )

  test(
    'a row that no server takes is named',
    async () => {
      await using server = await sqld()
      const remote = openRemote(server.url, undefined, { exact: true, isLong: true })
      for (const sql of MAKE) await remote.execute(sql)
      const source = await emptyFile()
      await put(source, NUMBERED, [
        [7n, 'x'.repeat(5_000_000), 0n, 5, null],
        [8n, 'small', 0n, 5, null],
      ])
      const fault = await copied(source, remote, NUMBERED).catch((cause: unknown) => cause)
      expect(fault).toBeInstanceOf(SetupError)
      expect(String(fault)).toContain('The row 7 of the table numbered has 5000')
    },
    LONG,
  )
})
