import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type FakeUpstream, fakeUpstream } from '../fakes/upstream'
import { logIn } from '../support/admin-session'
import { createCrowd, type Member, steadily } from '../support/chaos'
import { emptyFolder, executable, startGroxy } from '../support/executable'
import { openaiAt } from '../support/gateway'
import { INSTANCE_ENV, type SharedDatabase, sharedDatabase } from '../support/instances'
import { KEY } from '../support/key'
import { until } from '../support/programs'
import { isWithoutSqld } from '../support/sqld'

const LONG = 240_000
const DAILY = 1_500
const PER_MINUTE = 300
/** Within so long every instance honours what was changed at one. */
const HONOURED_MS = 3_000
const OUTAGE_MS = 20_000
const MINUTE_MS = 60_000

interface Made {
  readonly id: string
  readonly secret: string
}

const chat = (prompt: string, extra: object = {}) => ({
  model: 'grok-4',
  messages: [{ role: 'user', content: prompt }],
  ...extra,
})

describe.skipIf(isWithoutSqld)('three executables over one libSQL server, under load', () => {
  const crowd = createCrowd()
  const stack = new AsyncDisposableStack()
  const operators = new Map<Member, Awaited<ReturnType<typeof logIn>>>()
  let upstream: FakeUpstream
  let database: SharedDatabase
  let isAway = false
  const outage = { from: Number.POSITIVE_INFINITY, until: Number.POSITIVE_INFINITY }
  const behind: { readonly id: string; readonly prompt: string; readonly member: Member }[] = []
  const honoured: { readonly what: string; readonly ms: number }[] = []
  const kept: Made[] = []
  const revoked: Made[] = []
  let daily: Made
  let minutely: Made
  let killedAt = 0

  async function start(name: string): Promise<Member> {
    const env = { ...INSTANCE_ENV, DATABASE_URL: database.url, ...openaiAt(upstream.url) }
    const server = stack.use(await startGroxy(emptyFolder(), env))
    const isThere = async () =>
      (await fetch(`${server.url}/v1/models`, { headers: { authorization: `Bearer ${KEY}` } }))
        .ok || undefined
    await until(isThere)
    const member = crowd.add(name, server)
    operators.set(member, await logIn(server, INSTANCE_ENV.ADMIN_PASSWORD))
    return member
  }

  async function operate<T>(path: string, body?: unknown, method?: string): Promise<T> {
    const all = crowd.alive()
    const member = all[Math.floor(Math.random() * all.length)]
    const operator = member && operators.get(member)
    if (!operator) throw new Error('There is no operator.')
    const reply = await operator.api(path, body, method)
    const text = await reply.text()
    if (!reply.ok) throw new Error(`${path}: ${reply.status} ${text}`)
    return JSON.parse(text) as T
  }

  const make = async (name: string, limits: object = {}): Promise<Made> => {
    const { id, secret } = await operate<Made>('/keys', { name, ...limits })
    return { id, secret }
  }

  /** How long until every instance says that about a key. */
  async function honour(what: string, { secret }: Made, status: number): Promise<void> {
    const from = performance.now()
    const headers = { authorization: `Bearer ${secret}` }
    const says = async (member: Member) => {
      const reply = await fetch(`${member.server.url}/v1/models`, { headers }).catch(
        () => undefined,
      )
      return reply?.status === status || !member.isAlive || undefined
    }
    await Promise.all(crowd.alive().map((member) => until(() => says(member), 10_000)))
    honoured.push({ what, ms: performance.now() - from })
  }

  /** Make keys and revoke some, one after the other, while the database is there. */
  function changeKeys() {
    let isOver = false
    const work = (async () => {
      for (let number = 0; !isOver; number++) {
        await Bun.sleep(1_000)
        if (isAway) continue
        const made = await make(`passing ${number}`).catch(() => undefined)
        if (!made || isAway) continue
        await honour('made', made, 200)
        if (number % 2 === 0) {
          kept.push(made)
          continue
        }
        if (isAway) continue
        await operate(`/keys/${made.id}`, undefined, 'DELETE')
        await honour('revoked', made, 401)
        revoked.push(made)
      }
    })()
    return async () => {
      isOver = true
      await work
    }
  }

  let previous: string | undefined
  const load = () => [
    steadily(30, (number) =>
      crowd.send({
        ...{ kind: 'daily', key: daily.secret, path: '/chat/completions' },
        body: chat(`daily ${number}`, number % 3 === 0 ? { stream: true } : {}),
      }),
    ),
    steadily(10, (number) =>
      crowd.send({
        ...{ kind: 'minutely', key: minutely.secret, path: '/chat/completions' },
        body: chat(`minutely ${number}`),
      }),
    ),
    steadily(5, async (number) => {
      const after = number % 2 === 1 ? previous : undefined
      const { status, text } = await crowd.send({
        ...{ kind: after ? 'chained' : 'stored', key: KEY, path: '/responses' },
        body: {
          ...{ model: 'grok-4', input: `stored ${number}` },
          ...(after && { previous_response_id: after }),
        },
      })
      if (status === 200) previous = JSON.parse(text).id
    }),
    steadily(1, async (number) => {
      const prompt = `behind ${number}.`
      const { status, text, member } = await crowd.send({
        ...{ kind: 'background', key: KEY, path: '/responses' },
        body: { model: 'grok-4', input: prompt, background: true },
      })
      if (status === 200) behind.push({ id: JSON.parse(text).id, prompt, member })
    }),
  ]

  beforeAll(async () => {
    await executable()
    upstream = stack.use(
      fakeUpstream(async ({ body }) => {
        if (body.includes('behind')) await Bun.sleep(1_500)
        return undefined
      }),
    )
    database = stack.use(await sharedDatabase())
    for (const name of ['one', 'two', 'three']) await start(name)
    daily = await make('daily', { limits: { chat_per_day: DAILY } })
    minutely = await make('minutely', { limits: { requests_per_minute: PER_MINUTE } })
    await honour('made', daily, 200)
    await honour('made', minutely, 200)
    const ends = load()
    const stopChanging = changeKeys()
    await Bun.sleep(12_000)
    const [, , third] = crowd.members
    if (!third) throw new Error('There are not three.')
    killedAt = Date.now()
    await crowd.kill(third)
    await Bun.sleep(14_000)
    isAway = true
    await Bun.sleep(4_000)
    outage.from = Date.now()
    await database.server.kill()
    await Bun.sleep(OUTAGE_MS)
    await database.server.restart()
    outage.until = Date.now()
    await Bun.sleep(3_000)
    isAway = false
    await start('three again')
    await Bun.sleep(3_000)
    await start('four')
    await Bun.sleep(15_000)
    for (const end of ends) await end()
    await stopChanging()
    await Bun.sleep(6_000)
  }, LONG)
  afterAll(() => stack.disposeAsync())

  const isDuring = (at: number): boolean => at > outage.from - 1_000 && at < outage.until + 3_000

  test('no turn fails that was sent to one that lives', () => {
    const failed = crowd.told.filter(({ kind, status, code, isWhole, member, at }) => {
      if (status === 200 && isWhole) return false
      if (status === 429 && ['daily', 'minutely'].includes(kind)) return false
      if (member.wasKilled && at > killedAt - 30_000) return false
      // What is said before is in the database, and so is what waits to be done.
      return !(['chained', 'background'].includes(kind) && code === 'not_ready' && isDuring(at))
    })
    const short = failed.map(({ kind, status, at, text, member: { name } }) => ({
      ...{ kind, status, name, after: at - outage.from, text: text.slice(0, 200) },
    }))
    expect(short.slice(0, 20)).toEqual([])
    expect(crowd.told.length).toBeGreaterThan(2_000)
  })

  test('keys that were changed at one are honoured by all within three seconds', () => {
    expect(honoured.filter(({ what }) => what === 'revoked').length).toBeGreaterThan(3)
    expect(honoured.filter(({ ms }) => ms > HONOURED_MS)).toEqual([])
  })

  test('the limit of a day is given whole, within two hundredths', () => {
    const given = crowd.told.filter(({ kind, status }) => kind === 'daily' && status === 200)
    expect(given.length).toBeWithin(DAILY * 0.98, DAILY * 1.02 + 1)
  })

  test('the limit of a minute is never exceeded by more than two hundredths', () => {
    const minutes = new Map<number, number>()
    for (const { kind, status, at } of crowd.told) {
      if (kind !== 'minutely' || status !== 200) continue
      const minute = Math.floor(at / MINUTE_MS)
      minutes.set(minute, (minutes.get(minute) ?? 0) + 1)
    }
    for (const count of minutes.values()) expect(count).toBeLessThanOrEqual(PER_MINUTE * 1.02)
  })

  test(
    'no background response is lost, and none is done twice but those that died with their instance',
    async () => {
      expect(behind.length).toBeGreaterThan(20)
      const [alive] = crowd.alive()
      const headers = { authorization: `Bearer ${KEY}` }
      const ended = await until(async () => {
        const all = await Promise.all(
          behind.map(async ({ id }) => {
            const reply = await fetch(`${alive?.server.url}/v1/responses/${id}`, { headers })
            return reply.ok ? String(((await reply.json()) as { status: string }).status) : 'lost'
          }),
        )
        return all.some((status) => ['queued', 'in_progress'].includes(status)) ? undefined : all
      }, 60_000)
      expect(ended.filter((status) => status !== 'completed')).toEqual([])
      const asked = upstream.asked()
      const twice = behind.filter(({ prompt, member }) => {
        const times = asked.filter(({ body }) => body.includes(prompt)).length
        return times !== 1 && !(member.wasKilled && times === 2)
      })
      expect(twice.map(({ prompt }) => prompt)).toEqual([])
    },
    LONG,
  )

  test('every turn that was answered is in the ledger once, and the sums agree with the rows', async () => {
    const rows = await database.rows('SELECT request_id, count(*) AS count FROM ledger GROUP BY 1')
    const counts = new Map(rows.map(({ request_id, count }) => [request_id, Number(count)]))
    expect([...counts.values()].filter((count) => count !== 1)).toEqual([])
    const answered = crowd.told.filter(
      ({ status, member, kind }) => status === 200 && !member.wasKilled && kind !== 'background',
    )
    expect(answered.filter(({ requestId }) => counts.get(requestId) !== 1).length).toBe(0)
    const [all] = await database.rows('SELECT count(*) AS turns FROM ledger')
    const [sums] = await database.rows('SELECT sum(turns) AS turns FROM ledger_hours')
    expect(Number(sums?.turns)).toBe(Number(all?.turns))
  })

  test('all agree in the end', async () => {
    expect(crowd.alive().map(({ name }) => name)).toEqual(['one', 'two', 'three again', 'four'])
    for (const { secret } of kept) await honour('kept', { id: '', secret }, 200)
    for (const { secret } of revoked) await honour('gone', { id: '', secret }, 401)
    const now = Date.now()
    const living = await database.rows(`SELECT name FROM instances WHERE expires_at > ${now}`)
    expect(living).toHaveLength(4)
  })
})
