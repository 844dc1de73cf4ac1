import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { openRemote } from '#src/store/remote'
import { fakeUpstream, helloEvents, sse } from '../fakes/upstream'
import { databaseProxy } from '../support/database-proxy'
import { emptyFolder, executable, groxy, startGroxy } from '../support/executable'
import { ASK, openaiAt } from '../support/gateway'
import { until } from '../support/programs'
import { isWithoutSqld, sqld } from '../support/sqld'

const SLOW = 120_000
const MINUTE_MS = 60_000

/** Stands before the database and counts how often limits are asked for. */
function counted(url: string) {
  let questions = 0
  const proxy = databaseProxy(url, (question) => {
    if (question.includes('INSERT INTO allowances')) questions++
  })
  return { ...proxy, questions: () => questions }
}

type World = Awaited<ReturnType<typeof open>>

/** Two instances of the executable over one libSQL server. */
async function open() {
  await using stack = new AsyncDisposableStack()
  await executable()
  const server = stack.use(await sqld())
  const database = stack.use(counted(server.url))
  const upstream = stack.use(fakeUpstream())
  const folder = emptyFolder()
  const env = {
    DATABASE_URL: database.url,
    GROXY_SECRET: 'a secret for tests',
    ...openaiAt(upstream.url),
  }
  const one = stack.use(await startGroxy(folder, env))
  const other = stack.use(await startGroxy(folder, env))
  const client = openRemote(server.url)
  stack.defer(() => client.close())
  const kept = stack.move()
  return {
    upstream,
    database,
    client,
    one,
    other,
    start: () => startGroxy(folder, env),
    async key(...limits: string[]) {
      const { stdout } = await groxy(folder, ['keys', 'create', 'k', ...limits], env)
      const secret = stdout.split('\n')[0] ?? ''
      const headers = { authorization: `Bearer ${secret}`, 'content-type': 'application/json' }
      const ask = ({ url }: { readonly url: string }, extra: object = {}) =>
        fetch(`${url}/v1/chat/completions`, {
          method: 'POST',
          headers,
          body: JSON.stringify({ ...ASK, ...extra }),
        })
      const isKnown = async ({ url }: { readonly url: string }) =>
        (await fetch(`${url}/v1/models`, { headers })).status === 200 || undefined
      for (const each of [one, other]) if (isAlive(each)) await until(() => isKnown(each))
      return { ask, id: stdout.match(/id (\w+)/)?.[1] ?? '' }
    },
    usage: async (id: string) => (await groxy(folder, ['keys', 'usage', id], env)).stdout,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}

const isAlive = ({ pid }: { readonly pid: number }): boolean => {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

/** Wait for a minute of which most is left. */
async function freshMinute() {
  const passed = Date.now() % MINUTE_MS
  if (passed > MINUTE_MS / 2) await Bun.sleep(MINUTE_MS - passed)
}

describe.skipIf(isWithoutSqld)('two instances over one libSQL server', () => {
  let world: World
  beforeAll(async () => {
    world = await open()
  }, SLOW)
  afterAll(() => world?.[Symbol.asyncDispose]())

  test.each([1, 16])(
    'give a key of 100 requests a minute 90 to 100 of 200, %d at a time, and ask the database a few times',
    async (parallel) => {
      const { one, other, upstream, database } = world
      const { ask, id } = await world.key('--rpm', '100', '--chat-per-day', '1000')
      await freshMinute()
      const [asked, questions] = [upstream.asked().length, database.questions()]
      const statuses: number[] = []
      for (let at = 0; at < 200; at += parallel) {
        const some = Array.from({ length: parallel }, (_, index) =>
          ask((at + index) % 2 ? one : other),
        )
        for (const reply of await Promise.all(some)) statuses.push(reply.status)
      }
      const good = statuses.filter((status) => status === 200).length
      expect(good).toBeWithin(90, 101)
      expect(upstream.asked().length - asked).toBe(good)
      expect(statuses.every((status) => status === 200 || status === 429)).toBe(true)
      expect(database.questions() - questions).toBeWithin(5, 60)
      await until(async () => (await world.usage(id)).includes(` ${good} `) || undefined)
    },
    SLOW,
  )

  test(
    'lose nothing for longer than 30 s when one is killed with slots and slices in its hands',
    async () => {
      const { one, other, upstream } = world
      upstream.script(({ path }) =>
        path === '/v1/models' ? undefined : sse(helloEvents().slice(0, 2), { hang: true }),
      )
      const { ask } = await world.key('--concurrency', '4', '--chat-per-day', '16')
      const held = await Promise.all([1, 2, 3, 4].map(() => ask(one, { stream: true })))
      expect(held.map(({ status }) => status)).toEqual([200, 200, 200, 200])
      // The slots are kept for as long as the instance lives, which is longer than they last unattended.
      await Bun.sleep(21_000)
      expect((await ask(other, { stream: true })).status).toBe(429)
      one.signal('SIGKILL')
      await one.exited
      const killedAt = Date.now()
      for (const reply of held) expect(await reply.text().catch(() => '')).not.toContain('[DONE]')
      upstream.script(() => undefined)
      const back = await until(async () => {
        const replies = await Promise.all([1, 2, 3, 4].map(() => ask(other, { stream: true })))
        for (const reply of replies) await reply.text()
        return replies.every(({ status }) => status === 200) || undefined
      }, 30_000).then(() => Date.now() - killedAt)
      expect(back).toBeLessThan(30_000)
    },
    SLOW,
  )

  test(
    'and one that stops gives back at once what it did not use',
    async () => {
      const { upstream, client } = world
      upstream.script(() => undefined)
      await using third = await world.start()
      const { ask, id } = await world.key('--chat-per-day', '100', '--concurrency', '40')
      await until(async () => (await ask(third)).status === 200 || undefined)
      const held = async () => {
        const sql = 'SELECT bucket, granted, used FROM allowances WHERE key_id = ? ORDER BY bucket'
        const { rows } = await client.execute({ sql, args: [id] })
        return rows.map(({ bucket, granted, used }) => [bucket, granted, used])
      }
      expect((await held())[0]?.[1]).toBeGreaterThan(1)
      third.signal('SIGTERM')
      await third.exited
      expect(await held()).toEqual([
        ['chat', 1, 1],
        ['concurrency', 0, 0],
      ])
    },
    SLOW,
  )
})
