import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type FakePool, fakePool } from '../fakes/pool'
import {
  type Act,
  garbage,
  healthy,
  inBand,
  jsonError,
  refuse,
  refuseUntilDate,
  reset,
  slow,
  stall,
} from '../fakes/pool-acts'
import { sumsOf } from '../support/ledger-sums'
import { ownClock } from '../support/own-clock'
import { accountsOf, inParallel, type PoolGateway, poolGateway, take } from '../support/pool'
import { always, doubling, type Rest, restFaults } from '../support/rest'

interface Failing {
  readonly act: Act
  /** How long it has to be left alone, at least. */
  readonly rest: Rest
  /** A limit may hold for one model only. */
  readonly by?: 'model'
  /** What the log says of its attempts, where there was a status. */
  readonly status?: number
  /** Its key is refused everywhere. */
  readonly isBad?: number
}

const limited = (headers: Record<string, string> = {}) =>
  refuse(429, 'resource-exhausted', 'Too many requests.', headers)

const FIRST_BYTE_MS = 1_000

/** Every way in which an account can fail before its answer begins. */
const FAILING: Readonly<Record<string, Failing>> = {
  'bad-key': {
    act: refuse(401, 'unauthenticated', 'No or invalid authentication.'),
    rest: doubling,
    status: 401,
    isBad: 401,
  },
  blocked: {
    act: refuse(403, 'permission-denied', 'The team is blocked.'),
    rest: doubling,
    status: 403,
    isBad: 403,
  },
  limited: { act: limited(), rest: always(60_000), by: 'model', status: 429 },
  'limited-for': {
    act: limited({ 'retry-after': '45' }),
    rest: always(45_000),
    by: 'model',
    status: 429,
  },
  'limited-until': { act: refuseUntilDate(90_000), rest: always(90_000), by: 'model', status: 429 },
  broken: {
    act: refuse(500, 'internal', 'Internal server error.'),
    rest: doubling,
    status: 500,
  },
  overloaded: { act: refuse(529, 'overloaded', 'Overloaded.'), rest: doubling, status: 529 },
  resets: { act: reset, rest: doubling },
  stalls: { act: stall(FIRST_BYTE_MS), rest: doubling },
  garbage: { act: garbage, rest: doubling },
  'json-error': { act: jsonError, rest: doubling },
  // 30 s as any fault, or 60 s as any limit: both are right.
  'in-band-429': { act: inBand(429), rest: (n) => (n === 1 ? 30_000 : 60_000), by: 'model' },
  'in-band-529': { act: inBand(529, true), rest: doubling },
}

const MODELS = ['grok-4', 'grok-4-mini', 'grok-code']
const PHASES = 8
const TURNS = Number(process.env.POOL_TURNS ?? 10_000)
/** Between two phases the clocks jump, so that rests end within the test. */
const JUMP_MS = 35_000

let ahead = 0
/** A first byte that was there in time is not late because a busy machine kept us from seeing it. */
const clock = ownClock()
const now = () => clock.now() + ahead

interface Taken {
  readonly number: number
  readonly requestId: string
  /** The answer is that of the healthy account, from the first to the last letter. */
  readonly isWhole: boolean
  readonly headers: Readonly<Record<string, unknown>>
  readonly ms: number
}

let pool: FakePool
let it: PoolGateway
let keys: string[]
const taken: Taken[] = []

async function turn(number: number): Promise<void> {
  const model = MODELS[number % MODELS.length] ?? ''
  const prompt = `key-${number % keys.length} asks for ${number}`
  const stream = number % 2 === 0
  const key = keys[number % keys.length] ?? ''
  const reply = await take(it, { prompt, model, stream, key })
  const { headers, ms, account, attempts, overheadMs } = reply
  taken.push({
    number,
    requestId: headers.get('x-request-id') ?? '',
    isWhole: reply.status === 200 && reply.isWhole('healthy'),
    headers: { account, model: reply.model, attempts, overheadMs },
    ms,
  })
}

describe('one healthy account among many that fail in every way', () => {
  beforeAll(async () => {
    const acts = Object.entries(FAILING).map(([name, { act }]) => [name, act])
    pool = await fakePool(
      { ...Object.fromEntries(acts), healthy },
      { now, models: MODELS, isBad: (name) => FAILING[name]?.isBad },
    )
    it = await poolGateway({
      accounts: accountsOf(pool, { models: MODELS }),
      settings: { first_byte_timeout_ms: FIRST_BYTE_MS, max_attempts: 20 },
      now,
    })
    keys = await Promise.all(['one', 'two', 'three', 'four'].map((name) => it.key(name)))
    const size = TURNS / PHASES
    for (let phase = 0; phase < PHASES; phase++) {
      const numbers = Array.from({ length: size }, (_, index) => phase * size + index)
      await inParallel(64, numbers, turn)
      ahead += JUMP_MS
    }
    await it.app.flush()
  }, 120_000)

  afterAll(async () => {
    await it[Symbol.asyncDispose]()
    await pool[Symbol.asyncDispose]()
    clock[Symbol.dispose]()
  })

  test('every turn is answered by the healthy account, whole', () => {
    expect(taken.filter(({ isWhole }) => !isWhole).slice(0, 3)).toEqual([])
    expect(taken).toHaveLength(TURNS)
    expect(pool.account('healthy').served).toHaveLength(TURNS)
  })

  test('every answer says in its headers who gave it, at which attempt, and what we took', async () => {
    const rows = await it.rows('SELECT request_id, attempts FROM ledger')
    const attemptsOf = new Map(rows.map((row) => [row.request_id, row.attempts]))
    const wrong = taken.filter(({ number, requestId, headers, ms }) => {
      const { account, model, attempts, overheadMs } = headers
      const isRight = account === 'healthy' && model === MODELS[number % MODELS.length]
      const isTrue = attempts === attemptsOf.get(requestId)
      // Of two clocks that count whole milliseconds one may be ahead.
      return !isRight || !isTrue || !(Number(overheadMs) >= 0 && Number(overheadMs) <= ms + 1)
    })
    expect(wrong.slice(0, 3)).toEqual([])
  })

  test.each(Object.keys(FAILING))('%s is asked no more than its rests allow', (name) => {
    const { rest, by = 'account' } = FAILING[name] ?? { rest: doubling }
    const { faults, rounds } = restFaults(pool.account(name), { by, rest })
    expect(faults.slice(0, 5)).toEqual([])
    expect(rounds).toBeGreaterThan(0)
  })

  test('a rest ends with a probe', () => {
    const rest = { by: 'account', rest: doubling } as const
    expect(restFaults(pool.account('broken'), rest).rounds).toBeGreaterThan(1)
  })

  test('what stalls is given up, not left behind', () => {
    const { calls, aborted, inFlight } = pool.account('stalls')
    expect(inFlight).toBe(0)
    expect(aborted).toBe(calls.filter(({ stream }) => stream).length)
  })

  test('the ledger has a row a turn, and in it every attempt with what was made of it', async () => {
    const rows = await it.rows('SELECT * FROM ledger')
    const names = await it.names()
    const nameOf = (account: unknown) => names.get(String(account)) ?? String(account)
    const byId = new Map(rows.map((row) => [row.request_id, row]))
    expect([rows.length, byId.size]).toEqual([TURNS, TURNS])
    const asked: Record<string, number> = {}
    const faults: unknown[] = []
    for (const { requestId } of taken) {
      const row = byId.get(requestId) ?? {}
      if (row.outcome !== 'done' || row.status !== 200) faults.push(row)
      if (nameOf(row.account_id) !== 'healthy') faults.push(row)
      const log = JSON.parse(String(row.attempt_log ?? null)) ?? [{ account: row.account_id }]
      if (log.length !== row.attempts) faults.push(row)
      for (const [index, attempt] of log.entries()) {
        const name = nameOf(attempt.account)
        asked[name] = (asked[name] ?? 0) + 1
        if (
          index === log.length - 1 ? attempt.fault || name !== 'healthy' : !isLogged(attempt, name)
        )
          faults.push(attempt)
      }
    }
    expect(faults.slice(0, 3)).toEqual([])
    expect(asked).toEqual(
      Object.fromEntries(pool.accounts().map(({ name, calls }) => [name, calls.length])),
    )
  })

  test('the sums of the ledger are what the upstream counted, by account and by key', async () => {
    const sums = await sumsOf(it.rows)
    const names = ['one', 'two', 'three', 'four']
    for (const [index, name] of names.entries()) {
      const its = pool.served().filter(({ prompt }) => prompt.startsWith(`key-${index} `))
      expect([name, sums.byKey.get(name)]).toEqual([name, sumsOf.served(its)])
    }
    expect(sums.byAccount).toEqual(new Map([['healthy', sumsOf.served(pool.served())]]))
  })
})

interface LoggedAttempt {
  readonly status?: number
  readonly fault?: string
  readonly effect?: string
  readonly ms: number
}

const isLogged = ({ status, fault, effect, ms }: LoggedAttempt, name: string): boolean => {
  const wanted = FAILING[name]?.status
  return Boolean(fault && effect) && ms >= 0 && (wanted === undefined || status === wanted)
}

test('the overhead that an answer tells of leaves out what the upstream took', async () => {
  await using slowPool = await fakePool({ slow: slow(300) })
  using own = ownClock()
  await using gateway = await poolGateway({ accounts: accountsOf(slowPool), now: own.now })
  const key = await gateway.key('me')
  for (const stream of [false, true]) {
    const { overheadMs, ms } = await take(gateway, { prompt: 'Hi', stream, key })
    expect(ms).toBeGreaterThan(290)
    expect(overheadMs).toBeGreaterThanOrEqual(0)
    expect(overheadMs).toBeLessThan(100)
  }
})
