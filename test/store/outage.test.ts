import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { openRemote } from '#src/store/remote'
import { DEFAULT_SETTINGS } from '#src/store/settings'
import { createSnapshots, type Snapshot } from '#src/store/snapshot'
import { chunk, fakeUpstream, sse } from '../fakes/upstream'
import { ASK, gateway, keyed, xaiAt } from '../support/gateway'
import { scratch, until } from '../support/programs'
import { isWithoutSqld, sqld } from '../support/sqld'

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
    // It is known to be away: nobody waits for the next look.
    wait(5_000)
    expect(it.get()).toBe(first)
    expect(it.age()).toBe(65_000)
  })
  test('that nobody has asked for in a while waits a second for the database, and no longer', async () => {
    let isSilent = false
    const { it, wait } = snapshots(() => (isSilent ? new Promise(() => {}) : Promise.resolve(1)))
    const first = await it.get()
    isSilent = true
    wait(60_000)
    const begun = performance.now()
    const found = it.get()
    wait(1_000)
    expect(await found).toBe(first)
    expect(performance.now() - begun).toBeLessThan(2_000)
    wait(10_000)
    expect(it.get()).toBe(first)
  })
  test('is begun with what was kept, and read when the database is there', async () => {
    let isDown = true
    const { it, seen } = snapshots(() =>
      isDown ? Promise.reject(new Error('down')) : Promise.resolve(7),
    )
    await expect(Promise.resolve(it.get())).rejects.toMatchObject({ code: 'not_ready' })
    const empty = new Map()
    const kept = { revision: 7, keys: empty, accounts: [], settings: DEFAULT_SETTINGS }
    await it.begin({ ...kept, routes: empty, prices: empty }, -5_000)
    expect(it.age()).toBe(5_000)
    expect(it.get()).toBe(it.current() as Snapshot)
    isDown = false
    expect((await it.refresh()).revision).toBe(7)
    expect(seen).toHaveLength(2)
    expect(it.age()).toBe(0)
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

test('a file that another process has locked for three seconds holds up no stream', async () => {
  await using folder = await scratch('locked')
  const path = join(folder.path, 'groxy.db')
  await using upstream = fakeUpstream(({ body }) => {
    if (!body.includes('"stream":true')) return undefined
    const events = Array.from({ length: 80 }, (_, at) => chunk({ content: `${at} ` }))
    return sse([...events.map((event) => JSON.stringify(event)), '[DONE]'], { gapMs: 50 })
  })
  await using it = await gateway({ env: xaiAt(upstream.url), path })
  expect((await it.post('/v1/chat/completions', ASK)).status).toBe(200)
  const other = Bun.spawn([process.execPath, '-e', LOCK, path], { stdout: 'pipe' })
  await other.stdout.getReader().read()
  const timer = setInterval(() => void it.app.refresh(), 250)
  const answer = await it.post('/v1/chat/completions', { ...ASK, stream: true })
  const reader = answer.body?.getReader()
  let [longest, last, pieces] = [0, performance.now(), 0]
  while (!(await reader?.read())?.done) {
    longest = Math.max(longest, performance.now() - last)
    last = performance.now()
    pieces++
  }
  clearInterval(timer)
  expect(pieces).toBeGreaterThan(40)
  expect(longest).toBeLessThan(200)
  expect(await other.exited).toBe(0)
  expect(await it.ledger()).toHaveLength(2)
}, 30_000)

const LOCK = `
  const { Database } = require('bun:sqlite')
  const other = new Database(process.argv[1])
  other.run('PRAGMA busy_timeout = 5000')
  other.run('BEGIN IMMEDIATE')
  console.log('locked')
  Bun.sleepSync(3000)
  other.run('COMMIT')
`

describe.skipIf(isWithoutSqld)('a libSQL server', () => {
  test('that takes a second and a half for each answer slows no turn down', async () => {
    await using server = await sqld()
    let delayMs = 0
    await using between = slowProxy(server.url, () => delayMs)
    await using upstream = fakeUpstream()
    const client = openRemote(between.url)
    await using it = await gateway({ env: xaiAt(upstream.url), client })
    const { ask } = await keyed(it, { dailyChat: 2_000 })
    expect((await ask()).status).toBe(200)
    delayMs = 1_500
    const timer = setInterval(() => void it.app.refresh(), 2_000)
    const times: number[] = []
    for (let turn = 0; turn < 40; turn++) {
      const begun = performance.now()
      const answer = await (turn % 2 ? ask() : it.post('/v1/chat/completions', ASK))
      times.push(performance.now() - begun)
      expect(answer.status).toBe(200)
      await Bun.sleep(150)
    }
    clearInterval(timer)
    // What a key may use is taken ahead of need, by a twentieth of its limit.
    expect(times.filter((ms) => ms > 700)).toEqual([])
    delayMs = 0
    await until(async () => (await it.ledger()).length === 41 || undefined)
  }, 60_000)

  test('that refuses writes fails what has to be written with 503, and no turn', async () => {
    await using server = await sqld()
    await using upstream = fakeUpstream()
    const client = openRemote(server.url)
    await using it = await gateway({ env: xaiAt(upstream.url), client })
    await server.refuseWrites(true)
    expect((await it.post('/v1/chat/completions', ASK)).status).toBe(200)
    const conversation = await it.post('/v1/conversations', {})
    expect([conversation.status, (await conversation.json()).error.code]).toEqual([
      503,
      'not_ready',
    ])
    expect(await (await it.get('/ready')).json()).toMatchObject({ database: 'read-only' })
    expect(it.lines.join('\n')).toContain('database_takes_no_writes')
    await server.refuseWrites(false)
    expect(await it.ledger()).toHaveLength(1)
    expect(await (await it.get('/ready')).json()).toEqual({ status: 'ready' })
    expect(it.lines.join('\n')).toContain('database_back')
  })
})

function slowProxy(target: string, delayMs: () => number) {
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    async fetch(request) {
      await Bun.sleep(delayMs())
      const { pathname } = new URL(request.url)
      const { method, headers } = request
      const answer = await fetch(target + pathname, {
        method,
        headers,
        body: await request.bytes(),
      })
      const { status } = answer
      return new Response(await answer.bytes(), {
        ...{ status, headers: { 'content-type': answer.headers.get('content-type') ?? '' } },
      })
    },
  })
  return {
    url: `http://127.0.0.1:${server.port}`,
    [Symbol.asyncDispose]: () => server.stop(true),
  }
}
