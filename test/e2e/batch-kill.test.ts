import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type FakeUpstream, fakeUpstream } from '../fakes/upstream'
import { logIn } from '../support/admin'
import {
  INSTANCE_ENV,
  type SharedDatabase,
  sharedDatabase,
  startInstance,
} from '../support/instances'
import { until } from '../support/programs'
import { isWithoutSqld } from '../support/sqld'

const ACCOUNTS = 600
/** As many are asked about at one place at once. */
const AT_ONCE = 8
/** How long an answer takes: so that the work lasts for some seconds. */
const ANSWER_MS = 60

describe.skipIf(isWithoutSqld)('a batch whose instance is killed', () => {
  const stack = new AsyncDisposableStack()
  const asked = new Map<string, number>()
  let upstream: FakeUpstream
  let database: SharedDatabase
  beforeAll(async () => {
    upstream = stack.use(
      fakeUpstream(async ({ headers }) => {
        await Bun.sleep(ANSWER_MS)
        const secret = headers.get('authorization') ?? ''
        if (isCounted) asked.set(secret, (asked.get(secret) ?? 0) + 1)
        return undefined
      }),
    )
    database = stack.use(await sharedDatabase())
  }, 60_000)
  let isCounted = false
  afterAll(() => stack.disposeAsync())

  test('is gone on with by another, behind what was done', async () => {
    const one = stack.use(await startInstance(database.url))
    const admin = await logIn(one, INSTANCE_ENV.ADMIN_PASSWORD)
    // Their models are named, so that nothing asks for them by itself.
    const accounts = Array.from({ length: ACCOUNTS }, (_, at) => ({
      ...{ kind: 'openai', name: `n-${at}`, token: `sk-killed-${at}-0000` },
      ...{ base_url: upstream.url, models: ['grok-4'] },
    }))
    const imported = await admin.api('/accounts/import', { text: JSON.stringify({ accounts }) })
    expect(await imported.json()).toMatchObject({ added: ACCOUNTS, problems: [] })
    isCounted = true
    const begun = await admin.api('/accounts/batches', { kind: 'test', filter: {} })
    expect(begun.status).toBe(202)
    const { id } = (await begun.json()) as { id: string }
    const stored = async () => {
      const [row] = await database.rows(
        `SELECT state, done, good, ahead FROM batches WHERE id = '${id}'`,
      )
      return row
    }
    const half = await until(async () => {
      const row = await stored()
      return Number(row?.done) > ACCOUNTS / 6 ? row : undefined
    })
    one.signal('SIGKILL')
    const killedAt = Date.now()
    const before = new Set(asked.keys())
    const two = stack.use(await startInstance(database.url))
    const other = await logIn(two, INSTANCE_ENV.ADMIN_PASSWORD)
    const events = await other.page(`/admin/api/batches/${id}/events`)
    expect(events.headers.get('content-type')).toContain('text/event-stream')
    const told = await events.text()
    const [first = '', ...more] = told.split('\n\n').filter((part) => part.startsWith('event:'))
    expect(first).toStartWith('event: snapshot\ndata: {')
    expect(first).toContain('"state":"running"')
    expect(more.at(-1)).toStartWith('event: done\ndata: {')
    const whole = await (await other.api(`/batches/${id}`)).json()
    expect(whole).toMatchObject({ state: 'done', total: ACCOUNTS, done: ACCOUNTS, good: ACCOUNTS })
    expect(Date.now() - killedAt).toBeLessThan(80_000)
    expect(asked.size).toBe(ACCOUNTS)
    // What the first had done and told is not done again; what it had not told yet, or was at, may be.
    const again = [...asked.values()].filter((times) => times > 1).length
    expect(again).toBeLessThanOrEqual(before.size - Number(half?.done) + AT_ONCE)
    expect(Math.max(...asked.values())).toBeLessThanOrEqual(2)
  }, 150_000)
})
