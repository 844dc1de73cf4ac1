import { describe, expect, test } from 'bun:test'
import type { Client } from '@libsql/client/web'
import { NO_EXTRAS } from '#src/extras'
import { createAccountCheck } from '#src/jobs/account-check'
import { createModelRefresh } from '#src/jobs/model-refresh'
import { createSharing } from '#src/jobs/sharing'
import { createLog } from '#src/log'
import { createHttp } from '#src/net/http'
import type { Account } from '#src/pool/account'
import { createAsks } from '#src/store/asks'
import { openFile } from '#src/store/file'
import { migrate } from '#src/store/migrate'
import { createModelLists, type UpstreamModel } from '#src/store/model-lists'
import { createOpenAi } from '#src/upstream/openai/openai'
import { fakeUpstream } from '../fakes/upstream'
import { until } from '../support/programs'

const MINUTE = 60_000

const account = (
  id: string,
  baseUrl: string,
  models: readonly string[] | null = null,
): Account => ({
  id,
  kind: 'openai',
  name: id,
  baseUrl,
  secret: () => `sk-${id}`,
  proxy: () => undefined,
  requestsPerMinute: null,
  api: 'chat',
  weight: 1,
  maxInFlight: Number.POSITIVE_INFINITY,
  models,
  extras: () => NO_EXTRAS,
  tier: undefined,
  offers: undefined,
})

const upstreams = () => {
  const openai = createOpenAi({ http: createHttp(fetch), now: Date.now })
  return { xai: openai, openai, web: openai, demo: openai }
}

/** A refresh over a real upstream and a real database; only pool and catalog are looked at. */
async function world(accounts: readonly Account[], client = openFile(':memory:')) {
  await migrate(client)
  let time = Date.now()
  const learnt = new Map<string, readonly UpstreamModel[]>()
  let rebuilds = 0
  let present = accounts
  const now = () => time
  const modelLists = createModelLists(client)
  const refresh = createModelRefresh({
    pool: { members: () => present.map((one) => ({ account: one })).values() } as never,
    catalog: {
      learn(news: Iterable<readonly [string, readonly UpstreamModel[]]>) {
        rebuilds++
        for (const [id, list] of news) learnt.set(id, list)
      },
    } as never,
    upstreams: upstreams(),
    modelLists,
    sharing: sharingAt(client, now, String(Math.random())),
    instances: () => 1,
    isOn: () => true,
    maxAgeMs: () => 10 * MINUTE,
    now,
    random: Math.random,
    spreadMs: 0,
    log: createLog({ level: 'silent', write: () => {}, readable: false, now }),
  })
  refresh.follow()
  await refresh.recall()
  const run = async (asked = false, signal = new AbortController().signal) => {
    let seen: readonly [number, number] = [0, 0]
    if (asked || ('dueAt' in refresh.job && refresh.job.dueAt() <= now()))
      await refresh.job.run(signal, (done, total) => (seen = [done, total]), asked)
    return seen
  }
  return {
    client,
    modelLists,
    learnt,
    rebuilds: () => rebuilds,
    run,
    wait: (ms: number) => (time += ms),
    become(next: readonly Account[]) {
      present = next
      refresh.follow()
    },
  }
}

const sharingAt = (client: Client, now: () => number, name: string) =>
  createSharing({
    asks: createAsks(client),
    instance: () => name,
    now,
    log: createLog({ level: 'silent', write: () => {}, readable: false, now }),
  })

const many = (count: number, baseUrl: string) =>
  Array.from({ length: count }, (_, at) => account(`a${at}`, baseUrl))

test('few accounts are each asked, a few at a time, and again when their lists are old', async () => {
  let running = 0
  let most = 0
  await using upstream = fakeUpstream(async () => {
    most = Math.max(most, ++running)
    await until(() => most >= 8 || undefined)
    await Bun.sleep(5)
    running--
    return undefined
  })
  const it = await world(many(20, upstream.url))
  expect(await it.run()).toEqual([20, 20])
  expect(most).toBe(8)
  expect(it.learnt.size).toBe(20)
  it.wait(8 * MINUTE)
  await it.run()
  expect(upstream.seen).toHaveLength(20)
  it.wait(4 * MINUTE)
  await it.run()
  expect(upstream.seen).toHaveLength(40)
  expect((await it.modelLists.since(0)).length).toBe(20)
})

test('of thousands of accounts of one upstream a few are asked, in turn, and the others offer the same', async () => {
  await using upstream = fakeUpstream()
  const it = await world(many(2_000, upstream.url))
  expect(await it.run()).toEqual([20, 20])
  expect(it.learnt.size).toBe(2_000)
  expect(new Set(it.learnt.values()).size).toBe(1)
  expect(it.rebuilds()).toBeLessThan(5)
  for (let minutes = 0; minutes < 100; minutes++) {
    it.wait(MINUTE)
    await it.run()
  }
  // About twenty in ten minutes.
  expect(upstream.seen.length).toBeGreaterThan(150)
  expect(upstream.seen.length).toBeLessThan(300)
  const askers = new Set(upstream.seen.map(({ headers }) => headers.get('authorization')))
  expect(askers.size).toBeGreaterThan(upstream.seen.length * 0.9)
  expect((await it.modelLists.since(0)).length).toBeLessThan(10)
  // A restart asks nobody for what is known.
  const asked = upstream.seen.length
  const again = await world(many(2_000, upstream.url), it.client)
  expect(again.learnt.size).toBe(2_000)
  await again.run()
  expect(upstream.seen.length - asked).toBeLessThan(3)
})

test('an account of many that offers other models is known by its own list', async () => {
  await using upstream = fakeUpstream(({ headers }) =>
    headers.get('authorization') === 'Bearer sk-a7'
      ? Response.json({ data: [{ id: 'special' }] })
      : undefined,
  )
  const it = await world(many(100, upstream.url))
  await it.run(true)
  expect(upstream.seen).toHaveLength(100)
  expect(it.learnt.get('a7')).toEqual([{ id: 'special' }])
  expect(it.learnt.get('a8')?.length).toBe(2)
  const again = await world(many(100, upstream.url), it.client)
  expect(again.learnt.get('a7')).toEqual([{ id: 'special' }])
})

test('what another instance has learnt is not asked for again', async () => {
  await using upstream = fakeUpstream()
  const accounts = many(5, upstream.url)
  const one = await world(accounts)
  const other = await world(accounts, one.client)
  await one.run()
  await other.run()
  expect(other.learnt.size).toBe(5)
  expect(upstream.seen).toHaveLength(5)
})

test('an account with another address is asked anew; those that are gone or name their models are not', async () => {
  await using first = fakeUpstream()
  await using second = fakeUpstream(() => Response.json({ data: [{ id: 'new' }] }))
  const it = await world([
    account('a', first.url),
    account('b', first.url),
    account('c', first.url, ['m']),
  ])
  await it.run()
  expect(first.seen).toHaveLength(2)
  it.become([account('a', second.url)])
  await it.run()
  expect(it.learnt.get('a')).toEqual([{ id: 'new' }])
  it.wait(60 * MINUTE)
  await it.run()
  expect([first.seen.length, second.seen.length]).toEqual([2, 2])
})

test('a cancelled run asks nobody else and keeps what it has', async () => {
  const abort = new AbortController()
  await using upstream = fakeUpstream(({ headers }) => {
    if (headers.get('authorization') === 'Bearer sk-a12') abort.abort()
    return undefined
  })
  const it = await world(many(20, upstream.url))
  await it.run(false, abort.signal)
  expect(upstream.seen.length).toBeLessThan(20)
  expect(it.learnt.size).toBeGreaterThan(0)
})

describe('the account check', () => {
  const refuse = (status: number, message = 'No.') =>
    Response.json({ error: { message } }, { status })
  const cases = [
    ['gives its models', () => undefined, 'alive'],
    ['says 401', () => refuse(401), 'expired'],
    ['says 403', () => refuse(403), 'unknown'],
    ['says 403 and that it is blocked', () => refuse(403, 'Your team is blocked.'), 'disabled'],
    ['says 400 about the key', () => refuse(400, 'Incorrect API key provided: xai-…'), 'expired'],
    ['says 400 about something else', () => refuse(400, 'Bad weather.'), 'unknown'],
    ['says 404', () => refuse(404), 'unknown'],
    ['says 429', () => refuse(429), 'unknown'],
    ['says 500', () => refuse(500), 'unknown'],
    ['sends no list', () => new Response('nonsense'), 'unknown'],
  ] as const
  test.each(cases)('of an account whose upstream %s', async (_, script, found) => {
    await using upstream = fakeUpstream(script)
    let time = 0
    let suspects = [account('a', upstream.url)]
    const verdicts: unknown[] = []
    const job = createAccountCheck({
      upstreams: upstreams(),
      suspects: () => suspects,
      verdict: ({ id }, verdict) => verdicts.push([id, verdict]),
      sharing: { take: async () => new Map(), end: async () => {} },
      isOn: () => true,
      now: () => time,
    })
    const run = async () => {
      if ('dueAt' in job && job.dueAt() <= time)
        await job.run(new AbortController().signal, () => {}, false)
    }
    await run()
    expect(verdicts).toEqual([['a', found]])
    if (found !== 'unknown') suspects = []
    await run()
    expect(upstream.seen).toHaveLength(1)
    // Where nothing was learnt it is asked again, not at once.
    time += MINUTE
    await run()
    expect(upstream.seen).toHaveLength(found === 'unknown' ? 2 : 1)
  })
})
