import { describe, expect, test } from 'bun:test'
import { createVault } from '#src/crypto'
import { createLedgerQueue } from '#src/ledger/queue'
import { openFile } from '#src/store/file'
import type { LedgerBatch, LedgerContent } from '#src/store/ledger'
import { migrate } from '#src/store/migrate'
import { openRemote } from '#src/store/remote'
import { createStores } from '#src/store/stores'
import { batchOf, entry } from '../support/entries'
import { gateway } from '../support/gateway'
import { isWithoutSqld, sqld } from '../support/sqld'

const storesAt = (client: ReturnType<typeof openFile>) =>
  createStores({ client, vault: createVault('a secret for tests'), now: Date.now })

/** A queue whose database can be taken away, before or after it has done what it was told. */
function queueOver(store: {
  append: (batch: LedgerBatch) => Promise<void>
  keep?: (contents: readonly LedgerContent[]) => Promise<void>
}) {
  let time = 1_760_000_000_000
  const batches: LedgerBatch[] = []
  const faults: { readonly waiting: number; readonly dropped: number }[] = []
  let running = 0
  const hung = Promise.withResolvers<void>()
  const state = { refuses: false, losesAnswers: false, hangs: false }
  const queue = createLedgerQueue({
    async append(batch) {
      batches.push(batch)
      if (state.hangs) return hung.promise
      running++
      try {
        if (state.refuses) throw new Error('no database')
        await store.append(batch)
        if (state.losesAnswers) throw new Error('the answer was lost')
      } finally {
        running--
      }
    },
    keep: store.keep ?? (async () => {}),
    now: () => time,
    newId: () => crypto.randomUUID(),
    later: (promise) => void promise.catch(() => {}),
    onFault: (_, waiting, dropped) => faults.push({ waiting, dropped }),
  })
  return {
    queue,
    state,
    batches,
    faults,
    /** Write what waits, or wait for the write that is on its way. */
    async flush() {
      await queue.flush()
      do await Bun.sleep(2)
      while (running > 0)
    },
    /** What hangs comes back, as if it had done what it was told. */
    release: hung.resolve,
    wait: (ms: number) => (time += ms),
  }
}

const fill = (queue: ReturnType<typeof queueOver>['queue'], count: number, from = 0) => {
  for (let at = from; at < from + count; at++) queue.push(entry(`r${at}`))
}

async function countsOf({ ledger }: ReturnType<typeof createStores>) {
  const rows = await ledger.recent(200_000)
  const sums = await ledger.hours()
  return {
    rows: rows.length,
    different: new Set(rows.map(({ requestId }) => requestId)).size,
    turns: sums.reduce((sum, { turns }) => sum + turns, 0),
    tokens: sums.reduce((sum, { outputTokens }) => sum + outputTokens, 0),
  }
}

describe('the ledger', () => {
  test('is exact whatever the number of entries', async () => {
    await using it = await gateway()
    for (const size of [1, 7, 10, 99, 100, 101, 257])
      await it.stores.ledger.append(
        batchOf(Array.from({ length: size }, (_, at) => entry(`${size}-${at}`))),
      )
    expect(await countsOf(it.stores)).toEqual({
      rows: 575,
      different: 575,
      turns: 575,
      tokens: 1725,
    })
    const [newest] = await it.stores.ledger.recent(1)
    expect(newest).toMatchObject({ requestId: '257-256', stream: false, accountId: null })
  })

  test('adds up what went wrong, and under which names clients cannot grow it without end', async () => {
    await using it = await gateway()
    const unknown = { attempts: 0, outcome: 'failed', errorCode: 'model_not_found' } as const
    await it.stores.ledger.append(
      batchOf([
        entry('a', { accountId: 'x', costTicks: 5, cachedTokens: 1, reasoningTokens: 2 }),
        entry('b', { outcome: 'broken', accountId: 'x' }),
        entry('c', { outcome: 'gone', accountId: 'x', costTicks: 7 }),
        entry('d', { ...unknown, model: 'invented' }),
        entry('e', { ...unknown, model: 'y'.repeat(100_000) }),
      ]),
    )
    const sums = await it.stores.ledger.hours()
    expect(sums).toHaveLength(2)
    expect(sums.find(({ accountId }) => accountId === 'x')).toMatchObject({
      turns: 3,
      failures: 1,
      gone: 1,
      inputTokens: 6,
      cachedTokens: 1,
      reasoningTokens: 2,
      costTicks: 12,
      totalMs: 3,
    })
    expect(sums.find(({ accountId }) => accountId === '')).toMatchObject({ turns: 2, failures: 2 })
    const rows = await it.stores.ledger.recent(10)
    expect(Math.max(...rows.map(({ model }) => model.length))).toBe(1_000)
  })
})

describe('while the database is away', () => {
  test('the ledger waits, tries the same batch again, and writes each entry once', async () => {
    await using it = await gateway()
    const { queue, flush, state, batches, faults } = queueOver(it.stores.ledger)
    state.refuses = true
    fill(queue, 150)
    await flush()
    expect(faults).toEqual([{ waiting: 150, dropped: 0 }])
    fill(queue, 100, 150)
    await flush()
    state.refuses = false
    await flush()
    expect(batches.map(({ entries }) => entries.length)).toEqual([150, 150, 150, 100])
    expect(new Set(batches.slice(0, 3).map(({ id }) => id)).size).toBe(1)
    expect(await countsOf(it.stores)).toEqual({
      rows: 250,
      different: 250,
      turns: 250,
      tokens: 750,
    })
    expect(queue.waiting()).toBe(0)
  })

  test('rows beyond 50,000 are dropped and counted, and their sums kept', async () => {
    await using it = await gateway()
    const { queue, flush, state } = queueOver(it.stores.ledger)
    state.refuses = true
    fill(queue, 30_000)
    await flush()
    fill(queue, 20_000, 30_000)
    for (let at = 0; at < 300; at++) queue.push(entry(`over-${at}`, { keyId: `k${at % 3}` }))
    expect([queue.waiting(), queue.dropped()]).toEqual([50_000, 300])
    state.refuses = false
    await flush()
    expect(await countsOf(it.stores)).toEqual({
      rows: 50_000,
      different: 50_000,
      turns: 50_300,
      tokens: 150_900,
    })
    const sums = await it.stores.ledger.hours()
    expect(sums.find(({ keyId }) => keyId === 'k2')?.turns).toBe(100)
  }, 30_000)

  test('the sums of dropped rows are bounded: names of models are given up, no turn is', async () => {
    await using it = await gateway()
    const { queue, flush, state } = queueOver(it.stores.ledger)
    state.refuses = true
    fill(queue, 50_000)
    for (let at = 0; at < 12_000; at++) queue.push(entry('', { model: `m${at}` }))
    await flush()
    state.refuses = false
    await flush()
    const sums = await it.stores.ledger.hours()
    expect(sums.length).toBeLessThan(10_010)
    expect(sums.reduce((sum, { turns }) => sum + turns, 0)).toBe(62_000)
  }, 30_000)

  test('a write that hangs is given up after a minute; its batch is written again, once', async () => {
    await using it = await gateway()
    const { queue, flush, state, wait } = queueOver(it.stores.ledger)
    state.hangs = true
    fill(queue, 10)
    void queue.flush()
    state.hangs = false
    fill(queue, 10, 10)
    await flush()
    expect(queue.waiting()).toBe(20)
    wait(61_000)
    await flush()
    expect(await countsOf(it.stores)).toMatchObject({ rows: 20, different: 20, turns: 20 })
  })
})

test('a write that comes back after it was given up takes no other batch with it', async () => {
  await using it = await gateway()
  const { queue, flush, state, wait, release } = queueOver(it.stores.ledger)
  state.hangs = true
  fill(queue, 10)
  void queue.flush()
  state.hangs = false
  wait(61_000)
  await flush()
  fill(queue, 10, 10)
  state.refuses = true
  await flush()
  release()
  await Bun.sleep(2)
  expect(queue.waiting()).toBe(10)
  state.refuses = false
  await flush()
  expect(await countsOf(it.stores)).toMatchObject({ rows: 20, different: 20, turns: 20 })
})

describe('when the answer to a write is lost', () => {
  test('a batch that was written is not written twice, in a file', async () => {
    const client = openFile(':memory:')
    await migrate(client)
    const stores = storesAt(client)
    const { queue, flush, state, faults } = queueOver(stores.ledger)
    state.losesAnswers = true
    fill(queue, 300)
    await flush()
    await flush()
    state.losesAnswers = false
    fill(queue, 5, 300)
    await flush()
    expect(faults.length).toBeGreaterThan(1)
    expect(await countsOf(stores)).toEqual({ rows: 305, different: 305, turns: 305, tokens: 915 })
    client.close()
  })

  test('a batch that breaks for another reason is not taken for written', async () => {
    const client = openFile(':memory:')
    await migrate(client)
    const stores = storesAt(client)
    await client.execute('ALTER TABLE ledger RENAME TO hidden')
    const batch = batchOf([entry('a')])
    await expect(stores.ledger.append(batch)).rejects.toThrow('ledger')
    expect((await client.execute('SELECT * FROM ledger_batches')).rows).toEqual([])
    await client.execute('ALTER TABLE hidden RENAME TO ledger')
    await stores.ledger.append(batch)
    await stores.ledger.append(batch)
    expect(await countsOf(stores)).toMatchObject({ rows: 1, turns: 1 })
    client.close()
  })

  describe.skipIf(isWithoutSqld)('by a libSQL server', () => {
    test('its connection is cut after every third request, and each turn counts once', async () => {
      await using server = await sqld()
      let requests = 0
      // Stands between us and the database: it passes requests on, and loses some answers.
      await using between = lossyProxy(server.url, () => ++requests % 3 === 0)
      const direct = openRemote(server.url)
      await migrate(direct)
      const client = openRemote(between.url)
      const { queue, flush, faults } = queueOver(storesAt(client).ledger)
      for (let round = 0; round < 30; round++) {
        fill(queue, 20, round * 20)
        await flush()
      }
      while (queue.waiting() > 0) await flush()
      expect(requests).toBeGreaterThan(30)
      expect(between.lost()).toBeGreaterThan(5)
      expect(faults.length).toBeLessThan(between.lost())
      expect(await countsOf(storesAt(direct))).toEqual({
        rows: 600,
        different: 600,
        turns: 600,
        tokens: 1800,
      })
      client.close()
      direct.close()
    }, 60_000)

    test('it stops answering for a while, and nothing is missing', async () => {
      await using server = await sqld()
      const client = openRemote(server.url)
      await migrate(client)
      const stores = storesAt(client)
      const { queue, flush } = queueOver(stores.ledger)
      fill(queue, 50)
      await flush()
      server.signal('SIGSTOP')
      fill(queue, 50, 50)
      const flushed = flush()
      await Bun.sleep(500)
      fill(queue, 50, 100)
      server.signal('SIGCONT')
      await flushed
      await flush()
      expect(await countsOf(stores)).toMatchObject({ rows: 150, different: 150, turns: 150 })
      client.close()
    }, 30_000)
  })
})

/** Passes requests on and, when told so, cuts the connection instead of giving the answer back. */
function lossyProxy(target: string, loses: () => boolean) {
  let lost = 0
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    async fetch(request) {
      const { pathname } = new URL(request.url)
      const body = await request.arrayBuffer()
      const { method, headers } = request
      const answer = await fetch(target + pathname, {
        method,
        headers,
        ...(method === 'GET' || method === 'HEAD' ? {} : { body }),
      })
      const bytes = await answer.arrayBuffer()
      if (!loses()) return new Response(bytes, { status: answer.status, headers: plain(answer) })
      lost++
      return new Response(new ReadableStream({ pull: (controller) => controller.error() }))
    },
  })
  return {
    url: `http://127.0.0.1:${server.port}`,
    lost: () => lost,
    [Symbol.asyncDispose]: () => server.stop(true),
  }
}

const plain = ({ headers }: Response) => ({
  'content-type': headers.get('content-type') ?? 'application/json',
})
