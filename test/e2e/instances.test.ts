import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type FakePool, fakePool } from '../fakes/pool'
import { healthy, slow } from '../fakes/pool-acts'
import { KEY } from '../support/gateway'
import {
  addAccounts,
  type Instance,
  isReady,
  type SharedDatabase,
  sharedDatabase,
  startInstance,
} from '../support/instances'
import { insertAccounts, insertKey, take } from '../support/pool'
import { until } from '../support/programs'
import { isWithoutSqld } from '../support/sqld'

const LONG = 180_000
const MINUTE_MS = 60_000
const LIMIT = 100
const ASKED = 200

const minuteOf = (at: number): number => Math.floor(at / MINUTE_MS)

/** Limits are of the clock's minutes: begin in one of which enough is left. */
async function freshMinute(neededMs: number): Promise<void> {
  const left = MINUTE_MS - (Date.now() % MINUTE_MS)
  if (left < neededMs) await Bun.sleep(left + 100)
}

interface Pattern {
  readonly says: string
  /** Of two hundred turns, the one with this number goes to the first instance. */
  readonly toFirst: (number: number) => boolean
  /** Time between two turns. */
  readonly gapMs: number
}

const PATTERNS: readonly Pattern[] = [
  { says: 'in turn, over eight seconds', toFirst: (number) => number % 2 === 0, gapMs: 40 },
  { says: 'three of four of the first', toFirst: (number) => number % 4 > 0, gapMs: 40 },
  { says: 'all at once', toFirst: (number) => number % 2 === 0, gapMs: 0 },
  { says: 'all of the second', toFirst: () => false, gapMs: 20 },
]

interface Counted {
  readonly key: string
  readonly replies: Awaited<ReturnType<typeof take>>[]
}

let pool: FakePool
let database: SharedDatabase
let first: Instance
let second: Instance

async function spend(key: string, { toFirst, gapMs }: Pattern): Promise<Counted['replies']> {
  const turns = Array.from({ length: ASKED }, async (_, number) => {
    await Bun.sleep(number * gapMs)
    const at = toFirst(number) ? first : second
    return take(at, { prompt: `turn ${number}`, stream: number % 3 === 0, key })
  })
  return Promise.all(turns)
}

describe.skipIf(isWithoutSqld)('two instances over one database', () => {
  const spent = new Map<string, Counted>()
  let minute = 0

  beforeAll(async () => {
    pool = await fakePool({ one: healthy, two: healthy })
    database = await sharedDatabase()
    first = await startInstance(database.url)
    second = await startInstance(database.url)
    const accounts = ['one', 'two'].map((name) => ({ name, baseUrl: pool.url }))
    await addAccounts(database.execute, accounts, [first, second])
    const keys: string[] = []
    for (const { says } of PATTERNS)
      keys.push(await insertKey(database.execute, { name: says, rpm: LIMIT }))
    const last = await insertKey(database.execute, { name: 'the last one' })
    for (const instance of [first, second]) await isReady(instance, last)
    await freshMinute(30_000)
    minute = minuteOf(Date.now())
    await Promise.all(
      PATTERNS.map(async (pattern, index) => {
        const key = String(keys[index])
        spent.set(pattern.says, { key, replies: await spend(key, pattern) })
      }),
    )
  }, LONG)

  afterAll(async () => {
    for (const part of [first, second, database, pool]) await part[Symbol.asyncDispose]()
  })

  test.each(PATTERNS.map(({ says }) => says))(
    'a key with 100 requests a minute that asks for 200 %s gets 90 to 100 of them',
    (says) => {
      const { replies } = spent.get(says) ?? { replies: [] }
      const good = replies.filter(({ status }) => status === 200)
      const refused = replies.filter(({ status }) => status === 429)
      expect(good.length + refused.length).toBe(ASKED)
      expect(good.length).toBeLessThanOrEqual(LIMIT)
      expect(good.length).toBeGreaterThanOrEqual(90)
    },
  )

  test('refusals say when to come back, and every answer what is left', () => {
    for (const { replies } of spent.values())
      for (const { status, headers, text } of replies) {
        expect(headers.get('x-ratelimit-limit-requests')).toBe(String(LIMIT))
        const left = Number(headers.get('x-ratelimit-remaining-requests'))
        expect(left).toBeGreaterThanOrEqual(0)
        expect(left).toBeLessThan(LIMIT)
        expect(headers.get('x-ratelimit-reset-requests')).toMatch(/^[\d.]+(?:ms|s|m)/)
        if (status !== 429) continue
        expect(JSON.parse(text).error.code).toBe('rate_limit_exceeded')
        expect(Number(headers.get('retry-after'))).toBeGreaterThan(0)
        expect(Number(headers.get('retry-after'))).toBeLessThanOrEqual(60)
      }
  })

  test(
    'a restart does not give a key its minute again',
    async () => {
      const { key, replies } = spent.get(PATTERNS[0]?.says ?? '') ?? { key: '', replies: [] }
      first.signal('SIGTERM')
      await first.exited
      first = await startInstance(database.url)
      await isReady(first, KEY)
      const more = []
      for (let number = 0; number < 20; number++)
        more.push((await take(first, { prompt: `more ${number}`, key })).status)
      // Else the minute was over before there was anything to see.
      expect(minuteOf(Date.now())).toBe(minute)
      const before = replies.filter(({ status }) => status === 200).length
      const after = more.filter((status) => status === 200).length
      expect(before + after).toBeLessThanOrEqual(LIMIT)
    },
    LONG,
  )

  test(
    'turns at once are counted together, and those of an instance that died come back within 30 s',
    async () => {
      pool.add('sleepy', slow(120_000))
      const model = 'grok-slow'
      const slowAccount = { name: 'sleepy', baseUrl: pool.url, models: [model] }
      await insertAccounts(database.execute, [slowAccount])
      const key = await insertKey(database.execute, { name: 'narrow', concurrency: 4 })
      for (const instance of [first, second]) await isReady(instance, key)
      const leave = new AbortController()
      let held = 0
      /** Says whether the turn was let in; one that was stays until the end of the test. */
      const hold = async (at: Instance, prompt: string): Promise<boolean> => {
        const before = pool.account('sleepy').calls.length
        const refusal = take(at, { prompt, model, key, signal: leave.signal }).then(
          ({ status }) => status,
          () => 0,
        )
        const isIn = () => pool.account('sleepy').calls.length > before || undefined
        const status = await Promise.race([refusal, until(isIn).then(() => 200)])
        if (status === 200) held++
        else expect(status).toBe(429)
        return status === 200
      }
      try {
        for (let number = 0; number < 6; number++) await hold(first, `first ${number}`)
        expect(held).toBeGreaterThan(0)
        expect(held).toBeLessThanOrEqual(4)
        const ofFirst = held
        for (let number = 0; number < 6; number++) await hold(second, `second ${number}`)
        expect(held).toBeLessThanOrEqual(4)
        first.signal('SIGKILL')
        await first.exited
        const diedAt = Date.now()
        held -= ofFirst
        await until(async () => {
          await Bun.sleep(250)
          await hold(second, 'again')
          return held === 4 || undefined
        }, 40_000)
        expect(Date.now() - diedAt).toBeLessThan(30_000)
        expect(await hold(second, 'one too many')).toBe(false)
      } finally {
        leave.abort()
      }
    },
    LONG,
  )
})
