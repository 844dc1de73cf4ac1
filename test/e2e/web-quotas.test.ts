import { describe, expect, test } from 'bun:test'
import { type AccountOptions, failsMidway, fakeGrokWeb, type State } from '../fakes/grok-web'
import { gateway } from '../support/gateway'

const SECOND = 1_000
const HOUR = 3_600_000
const BUCKET = 'units grok-4'

/** A gateway with sessions of a fake of grok.com, both under a clock that can be put forward. */
async function world(accounts: readonly AccountOptions[] = [{ name: 'one' }]) {
  let ahead = 0
  const now = () => Date.now() + ahead
  const grok = fakeGrokWeb({ accounts, now })
  const it = await gateway({ env: { WEB_ASSETS_URL: grok.assetsUrl }, now })
  const ids = new Map<string, string>()
  for (const { name } of accounts) {
    const secret = grok.account(name).sso
    const account = await it.stores.accounts.add({ kind: 'web', name, baseUrl: grok.url, secret })
    ids.set(account.id, name)
  }
  const rows = async (sql: string) => {
    await it.app.flush()
    return (await it.client.execute(sql)).rows.map((row) => ({ ...row }))
  }
  const world = {
    ...it,
    grok,
    now,
    ask: (model = 'grok-4', body: object = {}) =>
      it.post('/v1/chat/completions', {
        model,
        messages: [{ role: 'user', content: 'Hi' }],
        ...body,
      }),
    /** What a machine does every two seconds, a number of times. */
    async look(times = 1, ms = 2 * SECOND): Promise<void> {
      for (let time = 0; time < times; time++) {
        ahead += ms
        await it.app.refresh()
      }
    },
    /** What is held against the sessions, and how long from now. */
    async held() {
      const states = await rows('SELECT * FROM account_states WHERE faults > 0')
      return states.map(({ account_id: id, scope, state, until, reason }) => ({
        name: ids.get(String(id)),
        scope,
        state,
        hours: until === null ? null : Math.round(((Number(until) - now()) / HOUR) * 100) / 100,
        reason: String(reason),
      }))
    },
    async left(bucket = BUCKET) {
      const found = await rows(`SELECT * FROM account_quotas WHERE bucket = '${bucket}'`)
      return found.map(({ remaining, limit }) => [remaining, limit])
    },
    asked: () => grok.callsOf({ endpoint: 'rate-limits' }).length,
    async [Symbol.asyncDispose]() {
      await it[Symbol.asyncDispose]()
      await grok.stop()
    },
  }
  await it.app.refresh()
  return world
}

describe('what is left of the quotas of a session', () => {
  test('is learnt when it is new, and soon after turns, which take 1 or 4', async () => {
    await using it = await world()
    expect(await it.left()).toEqual([[80, 80]])
    expect((await it.ask('grok-4-expert')).status).toBe(200)
    expect((await it.ask('grok-4')).status).toBe(200)
    await it.look(2)
    expect(it.asked()).toBe(2)
    expect(await it.left()).toEqual([[75, 80]])
    expect(it.grok.complaints()).toEqual([])
    // Not again before five minutes are over.
    expect((await it.ask('grok-4')).status).toBe(200)
    await it.look(10)
    expect(it.asked()).toBe(2)
    await it.look(150)
    expect(it.asked()).toBe(3)
    expect(await it.left()).toEqual([[74, 80]])
  })

  test('tells its tier, which is stored, and opens what the tier offers', async () => {
    await using it = await world([{ name: 'one', tier: 'super' }])
    expect((await it.ask('grok-4-heavy')).status).toBe(404)
    await it.look()
    expect((await it.stores.accounts.list()).map(({ tier }) => tier)).toEqual(['super'])
    expect((await it.ask('grok-4-heavy')).status).toBe(200)
  })

  test('keeps turns away before grok.com has to, while other models go on', async () => {
    await using it = await world([{ name: 'one', quota: { 'grok-4': 6 } }])
    expect((await it.ask('grok-4-expert')).status).toBe(200)
    const refused = await it.ask('grok-4-expert')
    expect(refused.status).toBe(429)
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(60)
    expect(it.grok.chats()).toHaveLength(1)
    expect([(await it.ask('grok-4')).status, (await it.ask('grok-3')).status]).toEqual([200, 200])
  })

  test('when that is nothing, exhausts it until the window ends, or an operator finds some', async () => {
    await using it = await world()
    it.grok.setQuota('one', 'grok-4', 0)
    expect((await it.ask()).status).toBe(429)
    expect(await it.held()).toMatchObject([{ scope: BUCKET, state: 'cooling', hours: 1 }])
    expect((await it.ask('grok-3')).status).toBe(200)
    await it.look(6)
    expect(await it.held()).toMatchObject([
      { scope: BUCKET, state: 'exhausted', hours: 20, reason: 'no quota is left' },
    ])
    expect(await it.left()).toEqual([[0, 80]])
    it.grok.setQuota('one', 'grok-4', 50)
    expect((await it.ask()).status).toBe(429)
    await it.stores.jobs.want('quota', 'run')
    await it.look()
    expect(await it.held()).toEqual([])
    expect((await it.ask()).status).toBe(200)
    const jobs = await it.stores.jobs.all()
    expect(jobs.find(({ name }) => name === 'quota')).toMatchObject({ state: 'done', done: 1 })
  })

  test('is asked for every eight hours while it is exhausted', async () => {
    await using it = await world()
    it.grok.setQuota('one', 'grok-4', 0)
    await it.ask()
    await it.look(6)
    it.grok.setQuota('one', 'grok-4', 80)
    await it.look(6, HOUR)
    expect((await it.ask()).status).toBe(429)
    await it.look(4, HOUR)
    expect((await it.ask()).status).toBe(200)
  })

  test('is whole again after a turn that a client brought to nothing', async () => {
    await using it = await world()
    const url = 'http://127.0.0.1:1/cat.png'
    const content = [{ type: 'image_url', image_url: { url } }]
    const reply = await it.ask('grok-4-expert', { messages: [{ role: 'user', content }] })
    expect(reply.status).toBe(400)
    await it.look(3)
    expect([await it.left(), await it.held(), it.grok.chats()]).toEqual([[[80, 80]], [], []])
  })
})

/** How grok.com treats a session, what its client hears, and what is held against it then. */
const STATES: readonly (readonly [
  state: State,
  status: number,
  held: Readonly<Record<string, unknown>> | undefined,
  retryAfter?: number,
])[] = [
  ['valid', 200, undefined],
  ['expired', 502, { scope: '', state: 'expired', hours: null }],
  ['blocked', 502, { scope: '', state: 'disabled', hours: null }],
  ['email_rejected', 502, { scope: '', state: 'disabled', hours: null }],
  ['challenged', 502, undefined],
  ['challenged_empty', 502, undefined],
  ['anti_bot', 502, undefined],
  ['anti_bot_in_band', 502, undefined],
  ['limited', 429, { scope: BUCKET, state: 'cooling', hours: 1 }],
  ['limited', 429, { scope: BUCKET, state: 'cooling', hours: 3 }, 3 * 3600],
  ['limited_in_band', 429, { scope: BUCKET, state: 'cooling', hours: 1 }],
  ['heavy_usage_in_band', 429, { scope: BUCKET, state: 'cooling', hours: 1 }],
  ['usage_limit_in_band', 429, { scope: BUCKET, state: 'cooling', hours: 1 }],
  ['moderated', 400, undefined],
]

describe('a session that grok.com treats as', () => {
  test.each(STATES.map((row) => ({ row })))('$row.0', async ({ row }) => {
    const [state, status, held, retryAfter] = row
    await using it = await world([{ name: 'one', ...(retryAfter && { retryAfter }) }])
    it.grok.account('one').state = state
    const reply = await it.ask('grok-4-expert')
    expect(reply.status).toBe(status)
    if (state.startsWith('challenged') || state.startsWith('anti_bot'))
      expect(await reply.text()).toContain('operator has to act')
    await it.app.refresh()
    expect(await it.held()).toMatchObject(held ? [held] : [])
    if (status !== 200) expect(await it.left()).toEqual([[80, 80]])
  })

  test.each(STATES.map((row) => ({ row })))('$row.0, beside a good one', async ({ row }) => {
    const [state] = row
    await using it = await world([{ name: 'one' }, { name: 'two' }])
    it.grok.account('one').state = state
    let turns = 0
    while (it.grok.chats('one').length === 0) {
      // Another conversation may go to another session.
      const messages = [{ role: 'user', content: `Hi ${++turns}` }]
      const { status } = await it.ask('grok-4', { messages })
      const isDone = it.grok.chats('one').length > 0
      expect(status).toBe(state === 'moderated' && isDone ? 400 : 200)
    }
    // What is moderated is not tried elsewhere, and all else is.
    const elsewhere = state === 'valid' || state === 'moderated' ? turns - 1 : turns
    expect(it.grok.chats('two')).toHaveLength(elsewhere)
  })
})

test('an answer that breaks off within is told of, and nobody is asked the same again', async () => {
  await using it = await world([{ name: 'one' }, { name: 'two' }])
  it.grok.script(failsMidway())
  expect((await it.ask()).status).toBe(502)
  const stream = await it.ask('grok-4', { stream: true })
  await stream.text().catch(() => 'cut')
  expect(it.grok.chats()).toHaveLength(2)
})
