import { describe, expect, test } from 'bun:test'
import { type FakePool, fakePool } from '../fakes/pool'
import { type Act, slow } from '../fakes/pool-acts'
import { ownClock } from '../support/own-clock'
import { accountsOf, poolGateway, take } from '../support/pool'
import { until } from '../support/programs'
import { parseMetrics } from '../support/prometheus'

interface Busy {
  readonly answerMs?: number
  /** So many are answered as they come, and all others wait for `open`. */
  readonly first?: number
  readonly settings?: Record<string, unknown>
}

async function busy(names: readonly string[], { answerMs = 0, first = 0, settings = {} }: Busy) {
  const stack = new AsyncDisposableStack()
  const { promise: opened, resolve: open } = Promise.withResolvers<void>()
  const act: Act = async (call) => {
    if (pool.calls().length > first) await Promise.race([opened, call.closed])
    return slow(answerMs)(call)
  }
  const pool: FakePool = stack.use(
    await fakePool(Object.fromEntries(names.map((name) => [name, act]))),
  )
  const it = stack.use(await poolGateway({ accounts: accountsOf(pool, { max: 1 }), settings }))
  const key = await it.key('a')
  /** Until so many turns wait for an account. */
  const waiting = (count: number) =>
    until(async () => {
      const depth = parseMetrics(await (await fetch(`${it.url}/metrics`)).text())
      return depth.value('groxy_queue_depth') === count || undefined
    })
  return { pool, it, key, open, waiting, [Symbol.asyncDispose]: () => stack.disposeAsync() }
}

const heard = (pool: FakePool): string[] =>
  pool
    .calls()
    .toSorted((a, b) => a.at - b.at)
    .map(({ prompt }) => prompt)

const running = (pool: FakePool, count: number) =>
  until(() => pool.calls().length >= count || undefined)

describe('while all accounts are busy', () => {
  test('turns wait, and are taken in the order in which they came', async () => {
    await using parts = await busy(['one'], {})
    const { pool, it, key, open, waiting } = parts
    const prompts = Array.from({ length: 12 }, (_, index) => `turn ${index}`)
    const replies: ReturnType<typeof take>[] = []
    for (const [index, prompt] of prompts.entries()) {
      replies.push(take(it, { prompt, stream: index % 2 === 0, key }))
      await running(pool, 1)
      await waiting(index)
    }
    open()
    const statuses = (await Promise.all(replies)).map(({ status }) => status)
    expect(statuses).toEqual(prompts.map(() => 200))
    expect(heard(pool)).toEqual(prompts)
    expect(pool.account('one').most).toBe(1)
  })

  test('no account takes more turns at once than it may, and none is idle', async () => {
    const names = ['one', 'two', 'three', 'four']
    await using parts = await busy(names, { answerMs: 50, first: 40 })
    const { pool, it, key } = parts
    using clock = ownClock()
    const startedAt = clock.now()
    const replies = Array.from({ length: 40 }, (_, index) =>
      take(it, { prompt: `turn ${index}`, stream: index % 2 === 0, key }),
    )
    const statuses = new Set((await Promise.all(replies)).map(({ status }) => status))
    expect(statuses).toEqual(new Set([200]))
    expect(pool.accounts().map(({ most }) => most)).toEqual(names.map(() => 1))
    // 40 turns of 50 ms on four accounts take half a second.
    expect(clock.now() - startedAt).toBeLessThan(1_500)
  })

  test('a key that floods does not keep another waiting', async () => {
    await using parts = await busy(['one'], { first: 1 })
    const { pool, it, key: flooding, open, waiting } = parts
    const modest = await it.key('b')
    const flood = Array.from({ length: 50 }, (_, index) =>
      take(it, { prompt: `flood ${index}`, key: flooding }),
    )
    await running(pool, 2)
    const few = Array.from({ length: 5 }, (_, index) =>
      take(it, { prompt: `few ${index}`, key: modest }),
    )
    await waiting(flood.length + few.length - 2)
    open()
    const replies = await Promise.all([...flood, ...few])
    expect(replies.filter(({ status }) => status !== 200).map(({ text }) => text)).toEqual([])
    const lastOfFew = heard(pool).findLastIndex((prompt) => prompt.startsWith('few'))
    // Turn by turn with the flood, after what had been taken before they came.
    expect(lastOfFew).toBeLessThan(20)
  })

  test('a turn is refused with 429 when it has waited for queue_timeout_ms', async () => {
    const settings = { queue_timeout_ms: 300 }
    await using parts = await busy(['one'], { settings })
    const { pool, it, key, open } = parts
    const first = take(it, { prompt: 'first', key })
    await running(pool, 1)
    using clock = ownClock()
    const askedAt = clock.now()
    const second = await take(it, { prompt: 'second', key })
    expect([second.status, JSON.parse(second.text).error.code]).toEqual([
      429,
      'rate_limit_exceeded',
    ])
    expect(Number(second.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(second.ms).toBeGreaterThan(280)
    expect(clock.now() - askedAt).toBeLessThan(1_000)
    open()
    expect((await first).status).toBe(200)
    expect(heard(pool)).toEqual(['first'])
  })

  test('a turn is refused at once when queue_length turns wait already', async () => {
    const settings = { queue_length: 2 }
    await using parts = await busy(['one'], { settings })
    const { pool, it, key, open, waiting } = parts
    const first = take(it, { prompt: 'first', key })
    await running(pool, 1)
    const later = ['second', 'third'].map((prompt) => take(it, { prompt, key }))
    await waiting(2)
    using clock = ownClock()
    const askedAt = clock.now()
    const refused = await take(it, { prompt: 'fourth', key })
    expect(refused.status).toBe(429)
    expect(clock.now() - askedAt).toBeLessThan(150)
    open()
    const replies = await Promise.all([first, ...later])
    expect(replies.map(({ status }) => status)).toEqual([200, 200, 200])
    expect(heard(pool).toSorted()).toEqual(['first', 'second', 'third'])
  })

  test('no turn waits when queue_timeout_ms is 0', async () => {
    await using parts = await busy(['one'], { settings: { queue_timeout_ms: 0 } })
    const { pool, it, key, open } = parts
    const first = take(it, { prompt: 'first', key })
    await running(pool, 1)
    using clock = ownClock()
    const askedAt = clock.now()
    const refused = await take(it, { prompt: 'second', key })
    expect([refused.status, clock.now() - askedAt < 150]).toEqual([429, true])
    open()
    expect((await first).status).toBe(200)
  })

  test('a client that leaves frees its place, and its turn is never asked', async () => {
    const settings = { queue_length: 1 }
    await using parts = await busy(['one'], { settings })
    const { pool, it, key, open, waiting } = parts
    const first = take(it, { prompt: 'first', key })
    await running(pool, 1)
    const abort = new AbortController()
    const left = take(it, { prompt: 'left', key, signal: abort.signal }).catch(() => 'gone')
    await waiting(1)
    abort.abort()
    expect(await left).toBe('gone')
    await waiting(0)
    const next = take(it, { prompt: 'next', key })
    await waiting(1)
    open()
    expect([(await first).status, (await next).status]).toEqual([200, 200])
    expect(heard(pool)).toEqual(['first', 'next'])
    const rows = await it.rows('SELECT outcome, account_id FROM ledger ORDER BY at')
    expect(rows.map(({ outcome }) => outcome).toSorted()).toEqual(['done', 'done', 'gone'])
    expect(rows.find(({ outcome }) => outcome === 'gone')?.account_id).toBeNull()
  })

  test('a turn that waits is served by an account that is added meanwhile', async () => {
    await using parts = await busy(['one'], {})
    const { pool, it, key, open, waiting } = parts
    const first = take(it, { prompt: 'first', key })
    await running(pool, 1)
    const second = take(it, { prompt: 'second', key })
    await waiting(1)
    using clock = ownClock()
    const addedAt = clock.now()
    pool.add('two')
    await it.addAccounts([{ name: 'two', baseUrl: pool.url }])
    expect((await second).status).toBe(200)
    expect(clock.now() - addedAt).toBeLessThan(2_500)
    open()
    await first
  })
})
