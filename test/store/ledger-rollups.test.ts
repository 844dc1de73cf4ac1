import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { migrations } from '#drizzle'
import { createVault } from '#src/crypto'
import { openFile } from '#src/store/file'
import type { LedgerEntry } from '#src/store/ledger'
import { createRollups, NOTHING, SUMMED, type Sums, total } from '#src/store/ledger-rollups'
import { migrate } from '#src/store/migrate'
import { openRemote } from '#src/store/remote'
import { createStores } from '#src/store/stores'
import { batchOf, entry } from '../support/entries'
import { isWithoutSqld, sqld } from '../support/sqld'

const HOUR = 3_600_000
const FIRST = 489_000

const storesAt = (client: ReturnType<typeof openFile>) =>
  createStores({ client, vault: createVault('a secret for tests'), now: Date.now })

const someTurn = fc.record({
  hour: fc.constantFrom(0, 1, 30, 75),
  keyId: fc.constantFrom('k1', 'k2', "k'3"),
  accountId: fc.constantFrom('a1', 'a2', null),
  model: fc.constantFrom('grok-4', 'grok-3 "fast"', '模型'),
  outcome: fc.constantFrom('done', 'failed', 'broken', 'gone'),
  inputTokens: fc.nat(1_000_000),
  cachedTokens: fc.nat(100),
  outputTokens: fc.nat(1000),
  reasoningTokens: fc.nat(10),
  costTicks: fc.option(fc.nat(2_000_000_000)),
  totalMs: fc.nat(600_000),
})

/** What turns come to, reckoned from the turns themselves. */
const reckoned = (turns: readonly LedgerEntry[]): Sums =>
  total(
    turns.map((turn) => ({
      turns: 1,
      failures: Number(turn.outcome === 'failed' || turn.outcome === 'broken'),
      gone: Number(turn.outcome === 'gone'),
      inputTokens: turn.inputTokens,
      cachedTokens: turn.cachedTokens,
      outputTokens: turn.outputTokens,
      reasoningTokens: turn.reasoningTokens,
      costTicks: turn.costTicks ?? 0,
      totalMs: turn.totalMs,
    })),
  )

const sumsOf = (row: Sums): Sums =>
  Object.assign({}, NOTHING, ...SUMMED.map((field) => ({ [field]: row[field] })))

/** Whole days, parts of them, and less than one. */
const SPANS = [
  ['key', FIRST - 5, FIRST + 80],
  ['key', FIRST + 1, FIRST + 75],
  ['key', FIRST + 1, FIRST + 31],
  ['key', FIRST + 25, FIRST + 31],
  ['model', FIRST + 1, FIRST + 76],
  ['account', FIRST, FIRST + 31],
] as const

/** Whatever was written, the sums are those of the turns. */
async function compare(client: ReturnType<typeof openFile>, runs: number): Promise<void> {
  const { ledger, rollups, usage } = storesAt(client)
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(someTurn, { maxLength: 70 }), { maxLength: 4 }),
      async (batches) => {
        await client.batch([
          'DELETE FROM ledger',
          'DELETE FROM ledger_hours',
          'DELETE FROM ledger_rollups',
          'DELETE FROM ledger_days',
        ])
        const turns: LedgerEntry[] = []
        for (const batch of batches) {
          const entries = batch.map(({ hour, ...rest }, at) =>
            entry(`r${at}`, { ...rest, at: (FIRST + hour) * HOUR + at }),
          )
          await ledger.append(batchOf(entries))
          turns.push(...entries)
        }
        const hours = Map.groupBy(turns, ({ at }) => Math.floor(at / HOUR))
        expect(
          (await rollups.series(FIRST)).map(({ hour, ...sums }) => [hour, sumsOf(sums as Sums)]),
        ).toEqual(
          [...hours]
            .sort(([one], [other]) => one - other)
            .map(([hour, some]) => [hour, reckoned(some)]),
        )
        for (const [by, field] of [
          ['key', 'keyId'],
          ['model', 'model'],
        ] as const) {
          const named = Map.groupBy(turns, (turn) => turn[field])
          const top = await rollups.top(by, FIRST, 10)
          expect(Object.fromEntries(top.map(({ name, ...sums }) => [name, sumsOf(sums)]))).toEqual(
            Object.fromEntries([...named].map(([name, some]) => [name, reckoned(some)])),
          )
        }
        for (const [by, from, to] of SPANS) {
          const wanted = turns.filter(({ at }) => at >= from * HOUR && at < to * HOUR)
          const named = Map.groupBy(wanted, ({ keyId, accountId, model }) =>
            by === 'key' ? keyId : by === 'model' ? model : (accountId ?? ''),
          )
          const found = await usage(by, from, to)
          expect(
            Object.fromEntries(found.map(({ name, ...sums }) => [name, sumsOf(sums)])),
          ).toEqual(Object.fromEntries([...named].map(([name, some]) => [name, reckoned(some)])))
        }
      },
    ),
    { numRuns: runs },
  )
}

describe('the sums by one thing', () => {
  test('are those of the turns, over a file', async () => {
    const client = openFile(':memory:')
    await migrate(client)
    await compare(client, 40)
  })

  test.skipIf(isWithoutSqld)(
    'are those of the turns, over a libSQL server',
    async () => {
      await using server = await sqld()
      const client = openRemote(server.url)
      await migrate(client)
      await compare(client, 6)
    },
    60_000,
  )

  test('hold what was dropped from the ledger, too', async () => {
    const client = openFile(':memory:')
    await migrate(client)
    const { ledger, rollups } = storesAt(client)
    const dropped = {
      ...NOTHING,
      hour: FIRST,
      keyId: 'k',
      accountId: '',
      model: 'm',
      turns: 7,
      costTicks: 5,
    }
    await ledger.append({ ...batchOf([entry('r', { at: FIRST * HOUR })]), sums: [dropped] })
    expect(await rollups.series(0)).toMatchObject([{ hour: FIRST, turns: 8, costTicks: 5 }])
  })

  test('are made from the hourly sums of an older database', async () => {
    const client = openFile(':memory:')
    await client.execute(
      'CREATE TABLE __drizzle_migrations (id SERIAL PRIMARY KEY, hash text NOT NULL, created_at numeric)',
    )
    const older = migrations.filter(({ tag }) => tag < '0006')
    for (const { sql, when } of older)
      await client.migrate([
        ...sql.split('--> statement-breakpoint'),
        { sql: "INSERT INTO __drizzle_migrations (hash, created_at) VALUES ('', ?)", args: [when] },
      ])
    const row = (hour: number, key: string, account: string, model: string, turns: number) =>
      `(${hour}, '${key}', '${account}', '${model}', ${turns}, 1, 0, 10, 0, 20, 0, 300, 400)`
    await client.execute(
      `INSERT INTO ledger_hours VALUES ${[
        row(FIRST, 'k1', 'a1', 'm1', 3),
        row(FIRST, 'k1', 'a2', 'm2', 4),
        row(FIRST + 1, 'k2', 'a1', 'm1', 5),
      ].join(', ')}`,
    )
    await migrate(client)
    const { series, top } = createRollups(client)
    expect((await series(0)).map(({ hour, turns, costTicks }) => [hour, turns, costTicks])).toEqual(
      [
        [FIRST, 7, 600],
        [FIRST + 1, 5, 300],
      ],
    )
    const { rows } = await client.execute('SELECT key_id, day, turns, cost_ticks FROM ledger_days')
    expect(rows.map((row) => Object.values(row).slice(0, 4))).toEqual([
      ['k1', FIRST / 24, 7, 600],
      ['k2', FIRST / 24, 5, 300],
    ])
    const turnsOf = async (by: 'key' | 'model') =>
      (await top(by, 0, 9)).map(({ name, turns }) => [name, turns])
    expect(await turnsOf('key')).toEqual([
      ['k1', 7],
      ['k2', 5],
    ])
    expect(await turnsOf('model')).toEqual([
      ['m1', 8],
      ['m2', 4],
    ])
  })
})
