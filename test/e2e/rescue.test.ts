import { describe, expect, test } from 'bun:test'
import { fakePool } from '../fakes/pool'
import { type Act, healthy, reset, torn } from '../fakes/pool-acts'
import { accountsOf, poolGateway, take } from '../support/pool'
import { until } from '../support/programs'

const TEARING = ['torn-one', 'torn-two', 'torn-three']
const TURNS = 12

async function setUp(tearing: Act = torn) {
  const stack = new AsyncDisposableStack()
  const acts = Object.fromEntries(TEARING.map((name) => [name, tearing]))
  const pool = stack.use(await fakePool({ ...acts, healthy }))
  const it = stack.use(await poolGateway({ accounts: accountsOf(pool) }))
  const key = await it.key('rescued')
  return { pool, it, key, [Symbol.asyncDispose]: () => stack.disposeAsync() }
}

const RESCUE = "UPDATE keys SET rescue = 'buffer' WHERE name = 'rescued'"

describe('a key with rescue', () => {
  test('gets one whole answer, whatever tears on the way', async () => {
    await using parts = await setUp()
    const { pool, it, key } = parts
    await it.change(RESCUE)
    for (let turn = 0; turn < TURNS; turn++) {
      const reply = await take(it, { prompt: `turn ${turn}`, stream: true, key })
      expect([reply.status, reply.isCut, reply.text.includes('torn')]).toEqual([200, false, false])
      expect(reply.isWhole('healthy')).toBe(true)
      expect(reply.text).not.toContain('"error"')
      expect(reply.account).toBe('healthy')
    }
    const tries = TEARING.flatMap((name) => pool.account(name).calls)
    expect(tries.length).toBeGreaterThan(0)
    const rows = await it.rows('SELECT attempts, outcome, input_tokens FROM ledger')
    expect(new Set(rows.map(({ outcome }) => outcome))).toEqual(new Set(['done']))
    const attempts = rows.reduce((sum, row) => sum + Number(row.attempts), 0)
    expect(attempts).toBe(TURNS + tries.length)
    // What the torn answers took is not counted twice: the sums are those of the whole ones.
    const counted = pool.account('healthy').served.reduce((sum, { input }) => sum + input, 0)
    expect(rows.reduce((sum, row) => sum + Number(row.input_tokens), 0)).toBe(counted)
  })

  test('gets an error with its status, and nothing torn, when nobody answers whole', async () => {
    await using parts = await setUp()
    const { pool, it, key } = parts
    await it.change(RESCUE)
    pool.account('healthy').act = torn
    const { status, text } = await take(it, { prompt: 'Hi', stream: true, key })
    expect([status, JSON.parse(text).error.code]).toEqual([502, 'upstream_error'])
    expect(text).not.toContain('heard')
  })

  test('leaves no upstream at work when its client goes', async () => {
    const hanging: Act = async (call) => {
      call.response.writeHead(200, { 'content-type': 'text/event-stream' })
      call.response.write('data: {"choices":[{"index":0,"delta":{"content":"a"}}]}\n\n')
      await call.closed
    }
    await using parts = await setUp(hanging)
    const { pool, it, key } = parts
    pool.account('healthy').act = hanging
    await it.change(RESCUE)
    const abort = new AbortController()
    const gone = take(it, { prompt: 'Hi', stream: true, key, signal: abort.signal })
    gone.catch(() => {})
    const inFlight = () => pool.accounts().reduce((sum, account) => sum + account.inFlight, 0)
    await until(() => inFlight() === 1 || undefined)
    await Bun.sleep(150)
    abort.abort()
    await until(() => inFlight() === 0 || undefined)
    await Bun.sleep(150)
    expect(inFlight()).toBe(0)
    expect(pool.calls()).toHaveLength(1)
  })
})

describe('a key without rescue', () => {
  test('sees a torn answer end with an error event and a cut connection, told from whole ones', async () => {
    await using parts = await setUp()
    const { pool, it, key } = parts
    let seen = 0
    for (let turn = 0; turn < TURNS; turn++) {
      const reply = await take(it, { prompt: `turn ${turn}`, stream: true, key })
      expect(reply.status).toBe(200)
      if (reply.isWhole('healthy')) continue
      seen++
      expect(reply.isCut).toBe(true)
      expect(reply.text).not.toContain('[DONE]')
      const last = reply.text.trim().split('\n\n').at(-1) ?? ''
      expect(JSON.parse(last.slice('data: '.length)).error.code).toBe('upstream_error')
    }
    expect(seen).toBeGreaterThan(0)
    const rows = await it.rows("SELECT attempts FROM ledger WHERE outcome = 'broken'")
    expect(rows).toHaveLength(seen)
    expect(TEARING.flatMap((name) => pool.account(name).calls)).toHaveLength(seen)
  })

  test('gets an answer of another account when nothing was said yet', async () => {
    await using parts = await setUp(reset)
    for (let turn = 0; turn < TURNS; turn++) {
      const { it, key } = parts
      const reply = await take(it, { prompt: `turn ${turn}`, stream: turn % 2 === 0, key })
      expect(reply.isWhole('healthy')).toBe(true)
    }
  })
})
