import { afterAll, describe, expect, test } from 'bun:test'
import { createServer } from 'node:net'
import { type FakePool, fakePool } from '../fakes/pool'
import { type Act, healthy, refuse, stall } from '../fakes/pool-acts'
import { ownClock } from '../support/own-clock'
import { accountsOf, type PoolAccount, type PoolGateway, poolGateway, take } from '../support/pool'
import { until } from '../support/programs'

const LONG = 60_000
const NAMES = ['one', 'two', 'three', 'four', 'five']
const OTHERS = ['six', 'seven']

const good = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, healthy]))

const at = (pool: FakePool, names: readonly string[], model: string): PoolAccount[] =>
  names.map((name) => ({ name, baseUrl: pool.url, models: [model, 'shared'] }))

/** A port on which every connection is reset, and counted. */
async function resetting(port: number) {
  let connections = 0
  const server = createServer((socket) => {
    connections++
    socket.resetAndDestroy()
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  return {
    connections: () => connections,
    stop: () => new Promise<void>((resolve) => server.close(() => resolve())),
  }
}

interface Asked {
  readonly status: number
  readonly ms: number
  readonly code: string
}

const clock = ownClock()
const { now } = clock
afterAll(() => clock[Symbol.dispose]())

/** Ask one after another, with a little time between, and read what becomes of it. */
async function askFor(
  it: PoolGateway,
  { model, times, gapMs, key }: { model: string; times: number; gapMs: number; key: string },
): Promise<Asked[]> {
  const seen: Asked[] = []
  for (let index = 0; index < times; index++) {
    const prompt = `${model} ${index} ${crypto.randomUUID()}`
    const askedAt = now()
    const { status, text } = await take(it, { prompt, model, key, stream: index % 2 === 0 })
    const ms = now() - askedAt
    const code = status === 200 ? '' : JSON.parse(text).error.code
    seen.push({ status, ms, code })
    await Bun.sleep(gapMs)
  }
  return seen
}

async function setUp() {
  const stack = new AsyncDisposableStack()
  const pool = await fakePool(good(NAMES))
  const { port } = pool
  const other = stack.use(await fakePool(good(OTHERS)))
  const accounts = [...at(pool, NAMES, 'near'), ...at(other, OTHERS, 'far')]
  const it = stack.use(await poolGateway({ accounts, now }))
  const key = await it.key('me')
  return { pool, port, other, it, key, [Symbol.asyncDispose]: () => stack.disposeAsync() }
}

const failsFast = ({ status, ms }: Asked) => (status === 502 || status === 503) && ms < 100

describe('a host that is down', () => {
  test(
    'is asked rarely, its callers learn it at once, and other hosts go on',
    async () => {
      await using parts = await setUp()
      const { pool, port, other, it, key } = parts
      expect((await askFor(it, { model: 'near', times: 5, gapMs: 0, key })).map(statusOf)).toEqual(
        Array(5).fill(200),
      )
      await pool.stop()
      const reset = await resetting(port)
      try {
        await askFor(it, { model: 'near', times: 10, gapMs: 0, key })
        const before = reset.connections()
        expect(before).toBeGreaterThan(0)
        const down = await askFor(it, { model: 'near', times: 150, gapMs: 20, key })
        expect(down.filter((asked) => !failsFast(asked)).slice(0, 3)).toEqual([])
        // Three seconds and more, and 150 turns: what gets through is probes.
        expect(reset.connections() - before).toBeLessThanOrEqual(15)
        const far = await askFor(it, { model: 'far', times: 10, gapMs: 0, key })
        expect(far.map(statusOf)).toEqual(Array(10).fill(200))
        const shared = await askFor(it, { model: 'shared', times: 10, gapMs: 0, key })
        expect(shared.map(statusOf)).toEqual(Array(10).fill(200))
        expect(other.served().length).toBe(20)
      } finally {
        await reset.stop()
      }
    },
    LONG,
  )

  test(
    'that is back serves with all its accounts within seconds: none of them is blamed',
    async () => {
      await using parts = await setUp()
      const { pool, port, it, key } = parts
      await askFor(it, { model: 'near', times: 5, gapMs: 0, key })
      await pool.stop()
      // Nobody listens now.
      const down = await askFor(it, { model: 'near', times: 40, gapMs: 20, key })
      expect(down.slice(-30).filter((asked) => !failsFast(asked))).toEqual([])
      const states = await it.rows('SELECT account_id, state, reason FROM account_states')
      expect(states.filter(({ state }) => state !== 'cooling')).toEqual([])
      await using again = await fakePool(good(NAMES), { port })
      const startedAt = now()
      await until(async () => {
        await askFor(it, { model: 'near', times: 10, gapMs: 5, key })
        return again.accounts().every(({ served }) => served.length > 0) || undefined
      })
      expect(now() - startedAt).toBeLessThan(10_000)
      const after = await askFor(it, { model: 'near', times: 20, gapMs: 0, key })
      expect(after.map(statusOf)).toEqual(Array(20).fill(200))
    },
    LONG,
  )

  test(
    'is tried by few probes when many turns wait for it to come back',
    async () => {
      await using parts = await setUp()
      const { pool, port, it, key } = parts
      await pool.stop()
      const reset = await resetting(port)
      try {
        await askFor(it, { model: 'near', times: 10, gapMs: 0, key })
        const before = reset.connections()
        const endsAt = now() + 3_000
        await Promise.all(
          Array.from({ length: 16 }, async () => {
            while (now() < endsAt) await askFor(it, { model: 'near', times: 1, gapMs: 10, key })
          }),
        )
        expect(reset.connections() - before).toBeLessThanOrEqual(15)
      } finally {
        await reset.stop()
      }
    },
    LONG,
  )
})

const FIRST_BYTE_MS = 200
const BREAK_MS = 1_000

describe('a host that connects again', () => {
  const acts: Readonly<Record<string, readonly [act: Act, first: number, letIn: number]>> = {
    'and keeps silent is still tried by a single turn': [stall(FIRST_BYTE_MS), 504, 1],
    'and refuses what it is asked is there for all': [refuse(400, 'invalid', 'No.'), 400, 16],
  }
  test.each(Object.entries(acts).map(([name, row]) => [name, ...row] as const))(
    '%s',
    async (_, act, status, letIn) => {
      const pool = await fakePool(good(NAMES))
      const settings = {
        first_byte_timeout_ms: FIRST_BYTE_MS,
        max_attempts: 1,
        queue_timeout_ms: 0,
      }
      await using it = await poolGateway({ accounts: accountsOf(pool), settings, now })
      const key = await it.key('me')
      const ask = () => take(it, { prompt: 'Hi', stream: true, key })
      await pool.stop()
      for (let turn = 0; turn < 3; turn++) await ask()
      await using again = await fakePool(Object.fromEntries(NAMES.map((name) => [name, act])), {
        port: pool.port,
      })
      const endsAt = now() + BREAK_MS
      while (now() < endsAt) await Bun.sleep(10)
      expect((await ask()).status).toBe(status)
      const calls = again.calls().length
      await Promise.all(Array.from({ length: 16 }, ask))
      expect(again.calls().length - calls).toBe(letIn)
    },
    LONG,
  )
})

const statusOf = ({ status }: Asked): number => status
