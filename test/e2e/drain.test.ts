import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { balanced } from '../support/balanced'
import { emptyFolder, eventOf, startGroxy } from '../support/executable'
import { KEY } from '../support/gateway'
import { INSTANCE_ENV, type SharedDatabase, sharedDatabase } from '../support/instances'
import { insertKey } from '../support/pool'
import { until } from '../support/programs'
import { connect } from '../support/socket-client'
import { isWithoutSqld } from '../support/sqld'

const LONG = 120_000
const messages = [{ role: 'user', content: 'How do tides work?' }]
const headersOf = (key: string) => ({
  authorization: `Bearer ${key}`,
  'content-type': 'application/json',
})

describe.skipIf(isWithoutSqld)('an instance that is stopped', () => {
  let database: SharedDatabase
  beforeAll(async () => {
    database = await sharedDatabase()
  }, LONG)
  afterAll(() => database[Symbol.asyncDispose]())

  const start = (seconds: number) =>
    startGroxy(emptyFolder(), {
      ...{ ...INSTANCE_ENV, DATABASE_URL: database.url, DEMO: '1' },
      DRAIN_SECONDS: String(seconds),
    })

  const ready = async (url: string) => {
    const answer = await fetch(`${url}/ready`)
    const { status } = (await answer.json()) as { status: string }
    return [answer.status, status]
  }

  const chat = (url: string, key = KEY, body: object = {}) =>
    fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      headers: headersOf(key),
      body: JSON.stringify({ model: 'demo', messages, ...body }),
    })

  test(
    'and replaced under load fails not one request of a balancer that looks every second',
    async () => {
      await using first = await start(3)
      await using second = await start(3)
      const load = balanced([first.url, second.url], {
        path: '/v1/chat/completions',
        headers: headersOf(KEY),
        body: (number) =>
          JSON.stringify({ model: 'demo', messages, stream: number % 3 === 0, max_tokens: 20 }),
      })
      await Bun.sleep(2_500)
      const before = load.outcomes.length
      first.signal('SIGTERM')
      const code = await first.exited
      expect(code).toBe(0)
      const { url: gone } = first
      await using third = await start(3)
      load.remove(gone)
      load.add(third.url)
      const answeredBy = (url: string) => load.outcomes.filter((one) => one.url === url).length
      await until(() => answeredBy(third.url) > 10 || undefined)
      const outcomes = await load.end()
      expect(outcomes.filter(({ problem }) => problem)).toEqual([])
      expect(outcomes.filter(({ status }) => status !== 200)).toEqual([])
      const cut = outcomes.filter(({ text }) => !/\[DONE\]|"usage"/.test(text))
      expect(cut).toEqual([])
      for (const { url } of [first, second, third])
        expect(outcomes.filter((one) => one.url === url).length).toBeGreaterThan(10)
      expect(outcomes.slice(before).some((one) => one.url === gone)).toBe(true)
      second.signal('SIGTERM')
      third.signal('SIGTERM')
      expect(await Promise.all([second.exited, third.exited])).toEqual([0, 0])
      const [row] = await database.rows('SELECT count(*) AS turns FROM ledger')
      expect(row?.turns).toBe(outcomes.length)
    },
    LONG,
  )

  test(
    'is not ready at once, still answers and says to go elsewhere, and gives back what its keys did not use',
    async () => {
      await using it = await start(4)
      const key = await insertKey(database.execute, {
        name: 'drained',
        rpm: 1_000,
        concurrency: 200,
      })
      const found = await until(async () => {
        const answer = await chat(it.url, key)
        return answer.status === 200 ? answer : undefined
      })
      expect(found.headers.get('connection')).not.toBe('close')
      const held = () =>
        database.rows(`SELECT bucket, granted, used FROM allowances
          WHERE key_id = (SELECT id FROM keys WHERE name = 'drained') ORDER BY bucket`)
      expect((await held()).some(({ granted, used }) => Number(granted) > Number(used))).toBe(true)
      const socket = await connect(it.url, KEY)
      it.signal('SIGTERM')
      await until(async () => (await ready(it.url))[0] === 503 || undefined)
      expect(await ready(it.url)).toEqual([503, 'draining'])
      const late = await chat(it.url, key)
      expect([late.status, late.headers.get('connection')]).toEqual([200, 'close'])
      const frames = await socket.turn({ model: 'demo', input: 'Still there?' })
      expect(frames.at(-1)?.type).toBe('response.completed')
      const slow = await chat(it.url, key, { stream: true })
      expect(slow.headers.get('connection')).toBe('close')
      expect(await slow.text()).toEndWith('data: [DONE]\n\n')
      const { code, reason } = await socket.closed
      expect([code, reason]).toEqual([1001, 'The server stops. Open another one.'])
      expect(await it.exited).toBe(0)
      expect(eventOf(it.output(), 'stopped')).toBeDefined()
      for (const { granted, used } of await held()) expect(granted).toBe(used as never)
    },
    LONG,
  )

  test(
    'gives its background turns to another at once',
    async () => {
      await using one = await start(30)
      await using other = await start(0)
      const begun = await fetch(`${one.url}/v1/responses`, {
        method: 'POST',
        headers: headersOf(KEY),
        body: JSON.stringify({ model: 'demo-slow', input: 'Tell me.', background: true }),
      })
      const { id } = (await begun.json()) as { id: string }
      one.signal('SIGTERM')
      const [owner] = await until(async () => {
        const rows = await database.rows(
          `SELECT instance FROM background_turns WHERE response_id = '${id}' AND expires_at > ${Date.now()}`,
        )
        return rows.length > 0 && (await ready(one.url))[0] === 503 ? rows : undefined
      })
      const moved = await until(async () => {
        const [row] = await database.rows(
          `SELECT instance FROM background_turns WHERE response_id = '${id}' AND expires_at > ${Date.now()}`,
        )
        return row && row.instance !== owner?.instance ? row : undefined
      }, 15_000)
      expect(moved.instance).not.toBe(owner?.instance as never)
      const told = await fetch(`${other.url}/v1/responses/${id}`, { headers: headersOf(KEY) })
      expect(told.status).toBe(200)
      // A second signal does not wait for anything.
      one.signal('SIGTERM')
      expect(await one.exited).toBe(1)
    },
    LONG,
  )
})
