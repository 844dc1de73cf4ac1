import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { requestTime } from '#src/crypto'
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
/** What was answered so long before a death was written. */
const WRITTEN_MS = 5_000
/** Begun so shortly before a fault that they are under way in it. */
const STARTED = 3
const ACCOUNTS = 200
/** As many are asked about at one place at once. */
const AT_ONCE = 8

/** What a key is told that has used up its limit, by the kind of its turns. */
const SPENT: Readonly<Record<string, string>> = {
  daily: 'daily_quota_exceeded',
  minutely: 'rate_limit_exceeded',
}

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
  const honoured: { readonly what: string; readonly ms: number; readonly at: number }[] = []
  const checked = new Map<string, number>()
  const batch = { id: '', asked: 0, told: 0 }
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
    // Whoever is among them can be asked at once.
    const operator = await logIn(server, INSTANCE_ENV.ADMIN_PASSWORD)
    const member = crowd.add(name, server)
    operators.set(member, operator)
    return member
  }

  async function operate<T>(path: string, body?: unknown, method?: string): Promise<T> {
    // Not at the one that is killed in the middle of it.
    const all = crowd.alive().filter(({ name }) => name !== 'three')
    const member = all[Math.floor(Math.random() * all.length)]
    if (!member) throw new Error('There is no operator.')
    return operateAt(member, path, body, method)
  }

  async function operateAt<T>(member: Member, path: string, body?: unknown, method?: string) {
    const operator = operators.get(member)
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
    honoured.push({ what, ms: performance.now() - from, at: Date.now() })
  }

  /** Ask an instance for turns that go on behind, and wait until they are under way. */
  async function startBehind(member: Member, name: string): Promise<void> {
    const prompts = Array.from({ length: STARTED }, (_, at) => `behind ${name} ${at}.`)
    await Promise.all(prompts.map((prompt) => sendBehind(prompt, member)))
    await until(() => prompts.every((prompt) => timesOf(prompt) > 0) || undefined)
  }

  async function sendBehind(prompt: string, to?: Member): Promise<void> {
    const asked = {
      ...{ kind: 'background', key: KEY, path: '/responses' },
      body: { model: 'grok-4', input: prompt, background: true },
    }
    const { status, text, member } = await (to ? crowd.sendTo(to, asked) : crowd.send(asked))
    if (status === 200) behind.push({ id: JSON.parse(text).id, prompt, member })
  }

  /** How often the upstream was asked. */
  const timesOf = (prompt: string): number =>
    upstream.asked().filter(({ body }) => body.includes(prompt)).length

  async function addAccounts(): Promise<void> {
    // Their models are named, so that nothing asks for them by itself.
    const accounts = Array.from({ length: ACCOUNTS }, (_, at) => ({
      ...{ kind: 'openai', name: `n-${at}`, token: `sk-chaos-${at}-0000` },
      ...{ base_url: upstream.url, models: ['another'] },
    }))
    await operate('/accounts/import', { text: JSON.stringify({ accounts }) })
  }

  /** Begin work on many accounts at an instance, and wait until some of it is done and told. */
  async function startBatch(member: Member): Promise<void> {
    const wish = { kind: 'test', filter: {} }
    batch.id = (await operateAt<{ id: string }>(member, '/accounts/batches', wish)).id
    batch.told = await until(async () => {
      const [row] = await database.rows(`SELECT done FROM batches WHERE id = '${batch.id}'`)
      return Number(row?.done) > 0 ? Number(row?.done) : undefined
    })
  }

  /** Switch a key on or off. */
  async function turn({ id, secret }: Made, enabled: boolean, status: number): Promise<void> {
    // The newest of all that were told is the one that counts.
    const { revision } = await until(() =>
      operate<{ revision: number }>(`/keys/${id}`).catch(() => undefined),
    )
    await operate(`/keys/${id}`, { revision, enabled }, 'PATCH')
    await honour(enabled ? 'on' : 'off', { id, secret }, status)
  }

  /** Make keys, revoke some and switch others off and on, one after the other, while the database is there. */
  function changeKeys() {
    let isOver = false
    const work = (async () => {
      for (let number = 0; !isOver; number++) {
        await Bun.sleep(1_000)
        if (isAway) continue
        const made = await make(`passing ${number}`).catch(() => undefined)
        if (!made || isAway) continue
        await honour('made', made, 200)
        if (isAway) continue
        if (number % 3 === 1) {
          await turn(made, false, 401)
          if (!isAway) await turn(made, true, 200)
          continue
        }
        if (number % 3 === 0) {
          kept.push(made)
          continue
        }
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
    steadily(1, (number) => sendBehind(`behind ${number}.`)),
  ]

  beforeAll(async () => {
    await executable()
    upstream = stack.use(
      fakeUpstream(async ({ body, headers }) => {
        if (body.includes('behind')) await Bun.sleep(1_500)
        const secret = headers.get('authorization') ?? ''
        if (!secret.includes('sk-chaos-')) return undefined
        await Bun.sleep(120)
        checked.set(secret, (checked.get(secret) ?? 0) + 1)
        return undefined
      }),
    )
    database = stack.use(await sharedDatabase())
    for (const name of ['one', 'two', 'three']) await start(name)
    await addAccounts()
    daily = await make('daily', { limits: { chat_per_day: DAILY } })
    minutely = await make('minutely', { limits: { requests_per_minute: PER_MINUTE } })
    await honour('made', daily, 200)
    await honour('made', minutely, 200)
    const ends = load()
    const stopChanging = changeKeys()
    await Bun.sleep(12_000)
    const [, , third] = crowd.members
    if (!third) throw new Error('There are not three.')
    await startBatch(third)
    await startBehind(third, 'dying')
    killedAt = Date.now()
    batch.asked = checked.size
    await crowd.kill(third)
    await Bun.sleep(14_000)
    isAway = true
    await Bun.sleep(4_000)
    const [first] = crowd.alive()
    if (first) await startBehind(first, 'cut off')
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
    const failed = crowd.told.filter(({ kind, status, code, isWhole, member, at, endedAt }) => {
      if (status === 200 && isWhole) return false
      if (status === 429 && code === SPENT[kind]) return false
      if (member.wasKilled && endedAt >= killedAt) return false
      // What is said before is in the database, and so is what waits to be done.
      return !(['chained', 'background'].includes(kind) && code === 'not_ready' && isDuring(at))
    })
    const short = failed.map(({ kind, status, at, text, member: { name } }) => ({
      ...{ kind, status, name, after: at - outage.from, text: text.slice(0, 200) },
    }))
    expect(short.slice(0, 20)).toEqual([])
    expect(crowd.told.length).toBeGreaterThan(2_000)
    // The balancer was not told of the death: it went on where nobody took its connection.
    expect(crowd.refused.length).toBeGreaterThan(0)
    expect(crowd.refused.filter(({ member }) => !member.wasKilled)).toEqual([])
    // Also of those that needed nothing of the database while it was away.
    const answered = (one: string) =>
      crowd.told.filter(
        ({ kind, status, at, endedAt }) =>
          kind === one && status === 200 && at > outage.from && endedAt < outage.until,
      ).length
    expect(answered('stored')).toBeGreaterThan(40)
    expect(answered('daily')).toBeGreaterThan(50)
    // Each that lives had its part of them.
    for (const member of crowd.members)
      expect(crowd.told.filter((it) => it.member === member).length).toBeGreaterThan(100)
  })

  test('what was answered is found again, wherever it was made', async () => {
    const made = crowd.told.filter(
      ({ kind, status, member, endedAt }) =>
        ['stored', 'chained'].includes(kind) &&
        status === 200 &&
        (!member.wasKilled || endedAt < killedAt - WRITTEN_MS),
    )
    expect(made.length).toBeGreaterThan(200)
    const all = crowd.alive()
    const headers = { authorization: `Bearer ${KEY}` }
    const lost: string[] = []
    for (const [at, { text, member }] of made.entries()) {
      const { id } = JSON.parse(text)
      const reply = await fetch(`${all[at % all.length]?.server.url}/v1/responses/${id}`, {
        headers,
      })
      if (!reply.ok) lost.push(`${id} of ${member.name}: ${reply.status}`)
      await reply.body?.cancel()
    }
    expect(lost).toEqual([])
  }, 60_000)

  test('keys that were changed at one are honoured by all within three seconds', () => {
    for (const one of ['made', 'revoked', 'off', 'on'])
      expect([one, honoured.filter(({ what }) => what === one).length > 1]).toEqual([one, true])
    // Also once one was killed, and by all when the database was back.
    const within = (from: number, to: number) => honoured.filter(({ at }) => at > from && at < to)
    expect(within(killedAt, outage.from).length).toBeGreaterThan(3)
    expect(within(outage.until, Number.POSITIVE_INFINITY).length).toBeGreaterThan(3)
    expect(honoured.filter(({ ms }) => ms > HONOURED_MS)).toEqual([])
  })

  test('the limit of a day is given whole, within two hundredths', () => {
    const given = crowd.told.filter(({ kind, status }) => kind === 'daily' && status === 200)
    expect(given.length).toBeWithin(DAILY * 0.98, DAILY * 1.02 + 1)
  })

  test('the limit of a minute is never exceeded by more than two hundredths', () => {
    const minutes = new Map<number, number>()
    for (const { kind, status, requestId } of crowd.told) {
      if (kind !== 'minutely' || status !== 200) continue
      // In the minute in which it came there: on a busy machine that is not always the one in which it was sent.
      const minute = Math.floor((requestTime(requestId) ?? 0) / MINUTE_MS)
      minutes.set(minute, (minutes.get(minute) ?? 0) + 1)
    }
    for (const count of minutes.values()) expect(count).toBeLessThanOrEqual(PER_MINUTE * 1.02)
    // It was asked for more than there is.
    expect(Math.max(...minutes.values())).toBeGreaterThan(PER_MINUTE / 2)
    expect(crowd.told.some(({ kind, status }) => kind === 'minutely' && status === 429)).toBe(true)
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
      const twice = behind.filter(({ prompt, member }) => {
        const times = timesOf(prompt)
        return times !== 1 && !(member.wasKilled && times === 2)
      })
      expect(twice.map(({ prompt }) => prompt)).toEqual([])
      // Those that were under way there were taken over.
      const taken = behind.filter(({ prompt }) => timesOf(prompt) === 2)
      expect(taken.length).toBeGreaterThanOrEqual(STARTED)
      expect(behind.filter(({ prompt }) => /dying|cut off/.test(prompt))).toHaveLength(2 * STARTED)
    },
    LONG,
  )

  test(
    'work on many accounts goes on behind what the killed one had told of',
    async () => {
      const whole = await until(async () => {
        const it = await operate<{ state: string }>(`/batches/${batch.id}`)
        return it.state === 'done' ? it : undefined
      }, 60_000)
      const total = ACCOUNTS
      expect(whole).toMatchObject({ state: 'done' })
      expect(checked.size).toBe(total)
      const again = [...checked.values()].filter((times) => times > 1).length
      expect(batch.asked).toBeWithin(1, total)
      expect(again).toBeLessThanOrEqual(batch.asked - batch.told + AT_ONCE)
      expect(Math.max(...checked.values())).toBeLessThanOrEqual(2)
    },
    LONG,
  )

  test('every turn that was answered is in the ledger once, and the sums agree with the rows', async () => {
    const rows = await database.rows('SELECT request_id, count(*) AS count FROM ledger GROUP BY 1')
    const counts = new Map(rows.map(({ request_id, count }) => [request_id, Number(count)]))
    expect([...counts.values()].filter((count) => count !== 1)).toEqual([])
    const answered = crowd.told.filter(
      ({ status, member, kind, endedAt }) =>
        status === 200 &&
        kind !== 'background' &&
        (!member.wasKilled || endedAt < killedAt - WRITTEN_MS),
    )
    expect(answered.length).toBeGreaterThan(1_500)
    expect(answered.some(({ member }) => member.wasKilled)).toBe(true)
    expect(answered.filter(({ requestId }) => counts.get(requestId) !== 1).length).toBe(0)
    const tokens = 'sum(input_tokens) AS input, sum(output_tokens) AS output'
    const [all] = await database.rows(`SELECT count(*) AS turns, ${tokens} FROM ledger`)
    const [sums] = await database.rows(`SELECT sum(turns) AS turns, ${tokens} FROM ledger_hours`)
    expect(sums).toEqual(all)
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
