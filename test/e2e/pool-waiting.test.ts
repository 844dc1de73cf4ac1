import { describe, expect, test } from 'bun:test'
import { type FakePool, fakePool } from '../fakes/pool'
import { slow } from '../fakes/pool-acts'
import { accountsOf, poolGateway, take } from '../support/pool'
import { until } from '../support/programs'

/** Far enough apart that turns arrive in the order in which they are sent. */
const APART_MS = 10

async function busy(
  names: readonly string[],
  { answerMs, settings = {} }: { answerMs: number; settings?: Record<string, unknown> },
) {
  const stack = new AsyncDisposableStack()
  const acts = Object.fromEntries(names.map((name) => [name, slow(answerMs)]))
  const pool = stack.use(await fakePool(acts))
  const it = stack.use(await poolGateway({ accounts: accountsOf(pool, { max: 1 }), settings }))
  const key = await it.key('a')
  return { pool, it, key, [Symbol.asyncDispose]: () => stack.disposeAsync() }
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
    await using parts = await busy(['one'], { answerMs: 60 })
    const { pool, it, key } = parts
    const prompts = Array.from({ length: 12 }, (_, index) => `turn ${index}`)
    const replies = prompts.map(async (prompt, index) => {
      await Bun.sleep(index * APART_MS)
      return take(it, { prompt, stream: index % 2 === 0, key })
    })
    const statuses = (await Promise.all(replies)).map(({ status }) => status)
    expect(statuses).toEqual(prompts.map(() => 200))
    expect(heard(pool)).toEqual(prompts)
    expect(pool.account('one').most).toBe(1)
  })

  test('no account takes more turns at once than it may, and none is idle', async () => {
    const names = ['one', 'two', 'three', 'four']
    await using parts = await busy(names, { answerMs: 50 })
    const { pool, it, key } = parts
    const startedAt = performance.now()
    const replies = Array.from({ length: 40 }, (_, index) =>
      take(it, { prompt: `turn ${index}`, stream: index % 2 === 0, key }),
    )
    const statuses = new Set((await Promise.all(replies)).map(({ status }) => status))
    expect(statuses).toEqual(new Set([200]))
    expect(pool.accounts().map(({ most }) => most)).toEqual(names.map(() => 1))
    // 40 turns of 50 ms on four accounts take half a second.
    expect(performance.now() - startedAt).toBeLessThan(1_500)
  })

  test('a key that floods does not keep another waiting', async () => {
    await using parts = await busy(['one'], { answerMs: 25 })
    const { pool, it, key: flooding } = parts
    const modest = await it.key('b')
    const flood = Array.from({ length: 50 }, (_, index) =>
      take(it, { prompt: `flood ${index}`, key: flooding }),
    )
    await running(pool, 2)
    const few = Array.from({ length: 5 }, (_, index) =>
      take(it, { prompt: `few ${index}`, key: modest }),
    )
    const replies = await Promise.all([...flood, ...few])
    expect(replies.filter(({ status }) => status !== 200).map(({ text }) => text)).toEqual([])
    const lastOfFew = heard(pool).findLastIndex((prompt) => prompt.startsWith('few'))
    // Turn by turn with the flood, after what had been taken before they came.
    expect(lastOfFew).toBeLessThan(20)
  })

  test('a turn is refused with 429 when it has waited for queue_timeout_ms', async () => {
    const settings = { queue_timeout_ms: 300 }
    await using parts = await busy(['one'], { answerMs: 1_500, settings })
    const { pool, it, key } = parts
    const first = take(it, { prompt: 'first', key })
    await running(pool, 1)
    const second = await take(it, { prompt: 'second', key })
    expect([second.status, JSON.parse(second.text).error.code]).toEqual([
      429,
      'rate_limit_exceeded',
    ])
    expect(Number(second.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(second.ms).toBeGreaterThan(280)
    expect(second.ms).toBeLessThan(1_000)
    expect((await first).status).toBe(200)
    expect(heard(pool)).toEqual(['first'])
  })

  test('a turn is refused at once when queue_length turns wait already', async () => {
    const settings = { queue_length: 2 }
    await using parts = await busy(['one'], { answerMs: 400, settings })
    const { pool, it, key } = parts
    const first = take(it, { prompt: 'first', key })
    await running(pool, 1)
    const waiting = ['second', 'third'].map((prompt) => take(it, { prompt, key }))
    await Bun.sleep(50)
    const refused = await take(it, { prompt: 'fourth', key })
    expect(refused.status).toBe(429)
    expect(refused.ms).toBeLessThan(150)
    const replies = await Promise.all([first, ...waiting])
    expect(replies.map(({ status }) => status)).toEqual([200, 200, 200])
    expect(heard(pool).toSorted()).toEqual(['first', 'second', 'third'])
  })

  test('no turn waits when queue_timeout_ms is 0', async () => {
    await using parts = await busy(['one'], { answerMs: 400, settings: { queue_timeout_ms: 0 } })
    const { pool, it, key } = parts
    const first = take(it, { prompt: 'first', key })
    await running(pool, 1)
    const refused = await take(it, { prompt: 'second', key })
    expect([refused.status, refused.ms < 150]).toEqual([429, true])
    expect((await first).status).toBe(200)
  })

  test('a client that leaves frees its place, and its turn is never asked', async () => {
    const settings = { queue_length: 1 }
    await using parts = await busy(['one'], { answerMs: 500, settings })
    const { pool, it, key } = parts
    const first = take(it, { prompt: 'first', key })
    await running(pool, 1)
    const abort = new AbortController()
    const left = take(it, { prompt: 'left', key, signal: abort.signal }).catch(() => 'gone')
    await Bun.sleep(50)
    abort.abort()
    expect(await left).toBe('gone')
    await Bun.sleep(50)
    const next = await take(it, { prompt: 'next', key })
    expect([(await first).status, next.status]).toEqual([200, 200])
    expect(heard(pool)).toEqual(['first', 'next'])
    const rows = await it.rows('SELECT outcome, account_id FROM ledger ORDER BY at')
    expect(rows.map(({ outcome }) => outcome).toSorted()).toEqual(['done', 'done', 'gone'])
    expect(rows.find(({ outcome }) => outcome === 'gone')?.account_id).toBeNull()
  })

  test('a turn that waits is served by an account that is added meanwhile', async () => {
    await using parts = await busy(['one'], { answerMs: 3_000 })
    const { pool, it, key } = parts
    const first = take(it, { prompt: 'first', key })
    await running(pool, 1)
    const second = take(it, { prompt: 'second', key })
    await Bun.sleep(50)
    pool.add('two')
    await it.addAccounts([{ name: 'two', baseUrl: pool.url }])
    const { status, ms } = await second
    expect(status).toBe(200)
    expect(ms).toBeLessThan(2_500)
    await first
  })
})
