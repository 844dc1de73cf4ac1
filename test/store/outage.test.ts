import { describe, expect, test } from 'bun:test'
import { DEFAULT_SETTINGS } from '#src/store/settings'
import { createSnapshots, type Snapshot } from '#src/store/snapshot'
import { fakeUpstream } from '../fakes/upstream'
import { ASK, gateway, xaiAt } from '../support/gateway'

describe('the snapshot', () => {
  const snapshots = (revision: () => Promise<number>) => {
    let time = 0
    const seen: Snapshot[] = []
    const faults: unknown[] = []
    const work: Promise<unknown>[] = []
    const empty = {
      list: async () => [],
      all: async () => new Map(),
      routes: async () => new Map(),
    }
    const it = createSnapshots({
      keys: { byHash: async () => new Map() } as never,
      accounts: empty as never,
      aliases: empty as never,
      prices: empty as never,
      settings: { all: async () => DEFAULT_SETTINGS } as never,
      revision,
      accountRevision: revision,
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
