import { describe, expect, test } from 'bun:test'
import { createLedgerQueue } from '#src/ledger/queue'
import type { LedgerEntry } from '#src/store/ledger'
import { DEFAULT_SETTINGS } from '#src/store/settings'
import { createSnapshots, type Snapshot } from '#src/store/snapshot'
import { fakeUpstream } from '../fakes/upstream'
import { ASK, gateway, xaiAt } from '../support/gateway'

const entry = (requestId: string): LedgerEntry => ({
  at: 1_760_000_000_000,
  requestId,
  keyId: 'k',
  endpoint: 'chat.completions',
  model: 'm',
  attempts: 1,
  stream: false,
  status: 200,
  outcome: 'done',
  totalMs: 1,
  inputTokens: 2,
  cachedTokens: 0,
  outputTokens: 3,
  reasoningTokens: 0,
  usageSource: 'reported',
})

describe('the ledger while the database is away', () => {
  test('waits, tries again, and writes each entry once', async () => {
    const written: string[] = []
    const faults: number[] = []
    let down = true
    const work: Promise<unknown>[] = []
    const queue = createLedgerQueue({
      append: async (entries) => {
        if (down) throw new Error('no database')
        written.push(...entries.map(({ requestId }) => requestId))
      },
      now: Date.now,
      later: (promise) => work.push(promise),
      onFault: (_, waiting) => faults.push(waiting),
    })
    for (let at = 0; at < 500; at++) queue.push(entry(String(at)))
    await queue.flush()
    expect(faults.at(-1)).toBe(500)
    down = false
    await queue.flush()
    expect(written).toEqual(Array.from({ length: 500 }, (_, at) => String(at)))
    expect(queue.waiting()).toBe(0)
  })

  test('drops what it cannot hold, and counts it', async () => {
    const queue = createLedgerQueue({
      append: () => Promise.reject(new Error('no database')),
      now: () => 0,
      later: (promise) => promise.catch(() => {}),
      onFault: () => {},
    })
    for (let at = 0; at < 50_010; at++) queue.push(entry(''))
    expect([queue.waiting(), queue.dropped()]).toEqual([50_000, 10])
  })

  test('rows and counters are exact, whatever the number of entries', async () => {
    await using it = await gateway()
    for (const size of [1, 7, 10, 99, 100, 101, 257])
      await it.stores.ledger.append(Array.from({ length: size }, (_, at) => entry(`${size}-${at}`)))
    const rows = await it.stores.ledger.recent(1000)
    expect(new Set(rows.map(({ requestId }) => requestId)).size).toBe(575)
    expect(rows[0]).toMatchObject({ requestId: '257-256', stream: false, accountId: null })
    expect(await it.stores.ledger.hours()).toMatchObject([
      {
        keyId: 'k',
        turns: 575,
        failures: 0,
        inputTokens: 1150,
        outputTokens: 1725,
      },
    ])
  })
})

describe('the snapshot', () => {
  const snapshots = (revision: () => Promise<number>) => {
    let time = 0
    const seen: Snapshot[] = []
    const faults: unknown[] = []
    const work: Promise<unknown>[] = []
    const empty = { list: async () => [], routes: async () => new Map() }
    const it = createSnapshots({
      keys: { byHash: async () => new Map() } as never,
      accounts: empty as never,
      aliases: empty as never,
      settings: { all: async () => DEFAULT_SETTINGS } as never,
      revision,
      now: () => time,
      onChange: (snapshot) => void seen.push(snapshot),
      onFault: (cause) => faults.push(cause),
      later: (promise) => work.push(promise),
    })
    return { it, seen, faults, work, wait: (ms: number) => (time += ms) }
  }
  test('is loaded again only when the revision moved', async () => {
    let revision = 1
    const { it, seen, wait, work } = snapshots(async () => revision)
    await it.get()
    wait(1_000)
    expect(it.get()).not.toBeInstanceOf(Promise)
    wait(2_000)
    await it.get()
    await Promise.all(work)
    expect(seen).toHaveLength(1)
    revision = 2
    wait(3_000)
    it.get()
    await Promise.all(work)
    expect(seen.map((snapshot) => snapshot.revision)).toEqual([1, 2])
  })
  test('outlives a database that does not answer, but not at its first reading', async () => {
    let down = true
    const { it, faults, wait } = snapshots(() =>
      down ? Promise.reject(new Error('down')) : Promise.resolve(1),
    )
    await expect(it.refresh()).rejects.toThrow('down')
    down = false
    const first = await it.get()
    down = true
    wait(60_000)
    expect(await it.get()).toBe(first)
    expect(faults).toHaveLength(1)
  })
})

test('a database that fails delays the ledger and fails no turn', async () => {
  await using upstream = fakeUpstream()
  await using it = await gateway({ env: xaiAt(upstream.url) })
  await it.client.execute('ALTER TABLE ledger RENAME TO hidden')
  expect((await it.post('/v1/chat/completions', ASK)).status).toBe(200)
  await it.app.flush()
  expect(it.lines.join('\n')).toContain('ledger_waits')
  await it.client.execute('ALTER TABLE hidden RENAME TO ledger')
  expect(await it.ledger()).toHaveLength(1)
})
