import { describe, expect, test } from 'bun:test'
import { createVault } from '#src/crypto'
import { openFile } from '#src/store/file'
import { gathered } from '#src/store/gather'
import { migrate } from '#src/store/migrate'
import { createStores } from '#src/store/stores'
import { batchOf, entry } from '../support/entries'

const HOUR = 3_600_000
const NOW = 500_000 * HOUR

async function stores() {
  const client = openFile(':memory:')
  await migrate(client)
  return {
    client,
    ...createStores({ client, vault: createVault('a secret for tests'), now: () => NOW }),
  }
}

describe('the ledger', () => {
  const turns = [
    entry('old', { at: NOW - 100 * HOUR, keyId: 'k1' }),
    entry('failed', { at: NOW - HOUR, keyId: 'k1', accountId: 'a1', outcome: 'failed' }),
    entry('dear', { at: NOW, keyId: 'k2', accountId: 'a1', costTicks: 7 }),
    entry('new', { at: NOW, keyId: 'k1', accountId: 'a2' }),
  ]
  test('finds turns by what is known of them, the newest first', async () => {
    const { ledger } = await stores()
    await ledger.append(batchOf(turns))
    const find = async (search: object) =>
      (await ledger.find({ limit: 10, ...search })).map(({ requestId }) => requestId)
    expect(await find({})).toEqual(['new', 'dear', 'failed', 'old'])
    expect(await find({ limit: 1 })).toEqual(['new'])
    expect(await find({ requestId: 'dear' })).toEqual(['dear'])
    expect(await find({ keyId: 'k1', since: NOW - 2 * HOUR })).toEqual(['new', 'failed'])
    expect(await find({ accountId: 'a1' })).toEqual(['dear', 'failed'])
    expect(await find({ outcomes: ['failed', 'broken'] })).toEqual(['failed'])
    expect(await find({ since: NOW + HOUR })).toEqual([])
  })
  test('adds up by key, account and model, the most expensive first', async () => {
    const { ledger } = await stores()
    await ledger.append(batchOf(turns))
    const by = async (what: 'key' | 'account' | 'model', from = 0) =>
      (await ledger.usage(what, from)).map(({ name, turns: count }) => [name, count])
    expect(await by('key')).toEqual([
      ['k2', 1],
      ['k1', 3],
    ])
    expect(await by('account', 500_000 - 2)).toEqual([
      ['a1', 2],
      ['a2', 1],
    ])
    expect(await by('model')).toHaveLength(1)
  })
  test('gives what a turn said, if it was kept', async () => {
    const { ledger } = await stores()
    const content = { requestId: 'dear', at: NOW, request: 'asked', answer: 'said' }
    await ledger.keep([content])
    expect(await ledger.content('dear')).toEqual(content)
    expect(await ledger.content('new')).toBeUndefined()
  })
})

test('what keys have used is told by window, of all instances together', async () => {
  const { allowances } = await stores()
  const want = { keyId: 'k', bucket: 'requests', window: 7, limit: 100, wanted: 10 } as const
  for (const [instance, used] of [
    ['one', 4],
    ['other', 5],
  ] as const)
    await allowances.hold({ instance, now: NOW, expiresAt: NOW + 20_000 }, [{ ...want, used }])
  expect(await allowances.used([['requests', 7]], NOW)).toEqual([
    { keyId: 'k', bucket: 'requests', used: 9 },
  ])
  expect(await allowances.used([['requests', 8]], NOW)).toEqual([])
})

test('questions of one breath go together, and each hears of the fault that they share', async () => {
  const { client } = await stores()
  const sent: number[] = []
  const counting = {
    ...client,
    batch(items: never[]) {
      sent.push(items.length)
      return client.batch(items, 'read')
    },
  } as typeof client
  const ask = (sql: string) => gathered(counting).execute({ sql, args: [] })
  const [one, two] = await Promise.all([ask('SELECT 1 AS n'), ask('SELECT 2 AS n')])
  expect([one.rows[0]?.n, two.rows[0]?.n, sent]).toEqual([1, 2, [2]])
  const both = await Promise.allSettled([ask('SELECT 1'), ask('SELECT nonsense')])
  expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  expect((await ask('SELECT 3 AS n')).rows[0]?.n).toBe(3)
})
