import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { attentionAdvice, attentionTitles } from '#src/admin/overview/attention-words'
import { overviewPage } from '#src/admin/overview/page'
import { poolHealth } from '#src/admin/overview/pool-health'
import { dayBegins, firstHour, trafficOf } from '#src/admin/overview/traffic'
import type { Member } from '#src/pool/member'
import { NOTHING } from '#src/store/ledger-rollups'
import { openRemote } from '#src/store/remote'
import { fakeUpstream, hello } from '../fakes/upstream'
import { adminWorld } from '../support/admin'
import { batchOf, entry } from '../support/entries'
import { ASK, xaiAt } from '../support/gateway'
import { isWithoutSqld, sqld } from '../support/sqld'
import { viewFor } from '../support/widget-page'

const [MINUTE, HOUR, DAY] = [60_000, 3_600_000, 86_400_000]
const NOW = Date.UTC(2026, 10, 21, 12, 30)

type World = Awaited<ReturnType<typeof adminWorld>>

const overviewOf = async (it: World) => (await it.api('/overview')).json()
const whatOf = (overview: { attention: { what: string }[] }) =>
  overview.attention.map(({ what }) => what)

const turns = [
  entry('r1', {
    at: NOW,
    keyId: 'env',
    model: 'grok-4',
    totalMs: 100,
    firstByteMs: 50,
    costTicks: 10,
  }),
  entry('r2', {
    at: NOW - HOUR,
    keyId: 'env',
    model: 'grok-4',
    totalMs: 300,
    firstByteMs: 70,
    costTicks: 20,
  }),
  entry('r3', { at: NOW - 2 * HOUR, keyId: 'k', model: 'grok-3', outcome: 'gone', totalMs: 200 }),
  entry('r4', {
    at: NOW - 20 * MINUTE,
    keyId: 'k',
    outcome: 'failed',
    errorCode: 'upstream_error',
    totalMs: 600,
    attemptLog: [
      {
        account: 'a',
        model: 'm',
        ms: 5,
        fault: 'refused',
        status: 500,
        code: 'boom',
        effect: 'cooling',
        says: 'We are on <fire>',
      },
    ],
  }),
  entry('r5', { at: NOW - 25 * HOUR, costTicks: 40 }),
  entry('r6', { at: NOW - 13 * DAY, costTicks: 80 }),
]

const checkNumbers = async (it: World) => {
  await it.stores.ledger.append(batchOf(turns))
  const overview = await overviewOf(it)
  expect(overview.last_24_hours).toMatchObject({
    requests: 4,
    succeeded: 2,
    failed: 1,
    left: 1,
    cost_usd_ticks: 30,
    mean_ms: 300,
  })
  expect(overview.today).toMatchObject({ requests: 4 })
  expect(overview.yesterday_until_now).toMatchObject({ requests: 1, cost_usd_ticks: 40 })
  expect(overview.day_before).toMatchObject({ requests: 1 })
  expect(overview.hours).toHaveLength(24)
  expect(overview.hours.at(-1)).toMatchObject({
    starts_at: Math.floor(NOW / HOUR) * 3600,
    requests: 2,
  })
  expect(overview.days.map(({ requests }: { requests: number }) => requests)).toEqual([
    1,
    ...Array(11).fill(0),
    1,
    4,
  ])
  expect(overview.days[0].day).toBe('2026-11-08')
  // Of the four that went well, two took a millisecond and never told when they began.
  expect(overview.latency).toMatchObject({
    requests: 4,
    p50_ms: 100,
    p95_ms: 300,
    first_byte_p50_ms: 70,
  })
  expect(
    overview.top_keys.map((one: { id: string; requests: number }) => [one.id, one.requests]),
  ).toEqual([
    ['env', 2],
    ['k', 2],
  ])
  expect(overview.top_keys[1].name).toBeNull()
  expect(overview.top_models[0]).toMatchObject({ id: 'grok-4', name: 'grok-4', cost_usd_ticks: 30 })
  expect(overview.attention).toContainEqual({
    what: 'errors',
    level: 'bad',
    count: 1,
    about: 'upstream_error',
    says: 'We are on <fire>',
    path: '/admin/requests?outcome=problem&since=1h&code=upstream_error',
  })
}

describe('the overview', () => {
  test('adds up what happened, against the day before', async () => {
    await using it = await adminWorld({ now: () => NOW })
    await checkNumbers(it)
    const page = await (await it.page('/admin')).text()
    expect(page).toContain('We are on &lt;fire&gt;')
    expect(page).toContain('66.7%')
    const part = await it.page('/admin/overview', {
      headers: { 'hx-request': 'true', 'hx-request-type': 'partial' },
    })
    expect(await part.text()).not.toContain('<html')
    expect((await it.page('/admin/overview')).status).toBe(303)
  })

  test.skipIf(isWithoutSqld)(
    'does so over a libSQL server',
    async () => {
      await using server = await sqld()
      await using it = await adminWorld({ now: () => NOW, client: openRemote(server.url) })
      await checkNumbers(it)
    },
    60_000,
  )

  test('tells a beginner what to do first, and knows when all is well', async () => {
    await using upstream = fakeUpstream(() => Response.json(hello()))
    await using bare = await adminWorld({ now: () => NOW })
    const overview = await overviewOf(bare)
    expect(whatOf(overview)).toEqual(['no_account'])
    expect(await (await bare.page('/admin')).text()).toContain('href="/admin/accounts/new"')
    await using it = await adminWorld({ env: xaiAt(upstream.url) })
    await it.gate.post('/v1/chat/completions', ASK).then((reply) => reply.text())
    await it.app.flush()
    expect(whatOf(await overviewOf(it))).toEqual([])
    expect(await (await it.page('/admin')).text()).toContain('Nothing needs attention.')
  })

  test('says that a barred way is about the egress, also where another account answered', async () => {
    await using it = await adminWorld({ now: () => NOW })
    const attempt = {
      account: 'a',
      model: 'm',
      ms: 5,
      fault: 'refused',
      status: 403,
      effect: 'none',
    }
    await it.stores.ledger.append(
      batchOf([
        entry('r1', { at: NOW, attemptLog: [{ ...attempt, code: 'challenge' }] }),
        entry('r2', { at: NOW - MINUTE, attemptLog: [{ ...attempt, code: 'anti_bot' }] }),
        entry('r3', {
          at: NOW - MINUTE,
          attemptLog: [{ ...attempt, fault: 'egress', code: 'upstream_egress' }],
        }),
        entry('r4', { at: NOW - 2 * HOUR, attemptLog: [{ ...attempt, code: 'challenge' }] }),
      ]),
    )
    const { attention } = await overviewOf(it)
    expect(attention.slice(1)).toMatchObject([
      { what: 'anti_bot', count: 1 },
      { what: 'challenge', count: 1, path: '/admin/requests?code=challenge&since=1h' },
      { what: 'proxy', count: 1 },
    ])
    const { data } = await (await it.api('/requests?code=challenge&since=1h')).json()
    expect(data).toHaveLength(1)
    expect(await (await it.page('/admin')).text()).toContain(
      'This is your egress, not your accounts',
    )
  })

  test('names accounts that are out, with the reason and the way to them', async () => {
    await using it = await adminWorld({ now: () => NOW })
    for (const [at, enabled] of [true, true, true, false].entries())
      await it.stores.accounts.add({
        kind: 'web',
        name: `w${at}`,
        secret: `sso-token-number-${at}`,
        baseUrl: 'https://grok.example',
        enabled,
      })
    const { rows } = await it.client.execute(
      "SELECT id FROM accounts WHERE name <> 'w3' ORDER BY name",
    )
    const state = { scope: '', faults: 1, until: null, updatedAt: NOW } as const
    await it.stores.accountStates.save([
      {
        ...state,
        accountId: String(rows[0]?.id),
        state: 'expired',
        reason: 'The session has ended.',
      },
      {
        ...state,
        accountId: String(rows[1]?.id),
        state: 'exhausted',
        reason: 'no quota is left',
        until: NOW + HOUR,
      },
    ])
    await it.app.refresh()
    const { pool, attention } = await overviewOf(it)
    expect(pool).toEqual([
      {
        kind: 'web',
        tier: null,
        accounts: 4,
        states: { ready: 1, expired: 1, exhausted: 1, off: 1 },
        reasons: { expired: 'The session has ended.', exhausted: 'no quota is left' },
      },
    ])
    expect(attention).toEqual([
      {
        what: 'expired',
        level: 'bad',
        count: 1,
        about: 'web',
        says: 'The session has ended.',
        path: '/admin/accounts?kind=web&state=expired',
      },
      {
        what: 'exhausted',
        level: 'warn',
        count: 1,
        about: 'web',
        says: 'no quota is left',
        path: '/admin/accounts?kind=web&state=exhausted',
      },
    ])
  })

  test('names keys that are at a limit or at their end', async () => {
    await using it = await adminWorld({ now: () => NOW, env: { DEMO: '1' } })
    const make = async (name: string, limits: object) =>
      (await it.stores.keys.create({ name, ...limits })).key.id
    const spent = await make('spent', { dailyChat: 10 })
    const nearly = await make('nearly', { monthlyCostTicks: 100 })
    await make('plenty', { dailyChat: 10 })
    await make('minute', { requestsPerMinute: 1 })
    await make('ended', { expiresAt: new Date(NOW - HOUR) })
    await make('long-ended', { expiresAt: new Date(NOW - 30 * DAY) })
    await make('ending', { expiresAt: new Date(NOW + HOUR) })
    await it.app.refresh()
    const use = (
      keyId: string,
      bucket: 'chat' | 'cost-month',
      window: number,
      limit: number,
      used: number,
    ) =>
      it.stores.allowances.hold({ instance: 'i', now: NOW, expiresAt: NOW + MINUTE }, [
        { keyId, bucket, window, limit, used, wanted: used },
      ])
    await use(spent, 'chat', Math.floor(NOW / DAY), 10, 10)
    await use(nearly, 'cost-month', 2026 * 12 + 10, 100, 95)
    const { attention } = await overviewOf(it)
    expect(
      attention
        .slice(1)
        .map(({ what, about, path }: Record<string, string>) => [what, about, path]),
    ).toEqual([
      ['keys_spent', 'spent', `/admin/keys/${spent}`],
      ['keys_nearly', 'nearly', `/admin/keys/${nearly}`],
      ['keys_expired', 'ended', expect.stringContaining('/admin/keys/')],
      ['keys_expiring', 'ending', expect.stringContaining('/admin/keys/')],
    ])
  })

  test('says which background work failed, and what the database does not do', async () => {
    await using it = await adminWorld({ now: () => NOW })
    const step = {
      name: 'cleaning',
      instance: 'i',
      done: 0,
      total: 0,
      note: 'The disk is full.',
    } as const
    await it.stores.jobs.claim({
      name: 'cleaning',
      instance: 'i',
      leaseMs: MINUTE,
      startedBefore: NOW,
    })
    await it.stores.jobs.finish('failed', step)
    expect((await overviewOf(it)).attention).toContainEqual({
      what: 'job_failed',
      level: 'warn',
      count: 1,
      about: 'cleaning',
      says: 'The disk is full.',
      path: '/admin/system',
    })
    await it.client.execute('ALTER TABLE ledger_rollups RENAME TO hidden')
    const away = await overviewOf(it)
    expect(whatOf(away)).toEqual(['no_account', 'database_away'])
    expect(away.hours).toHaveLength(24)
    expect((await it.page('/admin')).status).toBe(200)
  })
})

describe('usage', () => {
  test('is told by key, model or account, with its total', async () => {
    await using it = await adminWorld({ now: () => NOW })
    await it.stores.ledger.append(
      batchOf([...turns, entry('far', { at: NOW - 40 * DAY, accountId: 'demo' })]),
    )
    const usage = async (search: string) => (await it.api(`/usage${search}`)).json()
    const byModel = await usage('?by=model&days=1')
    expect(
      byModel.data.map(({ id, requests }: { id: string; requests: number }) => [id, requests]),
    ).toEqual([
      ['grok-4', 2],
      ['grok-3', 1],
      ['m', 1],
    ])
    expect(byModel.total).toMatchObject({ requests: 4, cost_usd_ticks: 30 })
    expect((await usage('')).total.requests).toBe(6)
    expect((await usage('?by=account')).total.requests).toBe(4)
    const first = await usage('?by=model&days=1&limit=1')
    expect(first).toMatchObject({ data: [{ id: 'grok-4' }], has_more: true })
    expect(first.total.requests).toBe(4)
    expect((await usage('?by=account&days=400')).data).toMatchObject([
      { id: '', name: null, requests: 6 },
      { id: 'demo', name: 'demo/demo', requests: 1 },
    ])
    for (const [search, param] of [
      ['?by=colour', 'by'],
      ['?days=0', 'days'],
      ['?days=401', 'days'],
      ['?limit=0', 'limit'],
      ['?x=1', 'x'],
    ])
      expect((await usage(`${search}`)).error.param).toBe(param)
  })
})

test('days begin where the operator lives, and every turn belongs to one', () =>
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 14 * 24 - 1 }), { maxLength: 50 }),
      fc.integer({ min: -12 * 4, max: 14 * 4 }).map((quarters) => quarters * 15),
      fc.nat(DAY),
      (ages, zone, shift) => {
        const now = NOW + shift
        const hour = Math.floor(now / HOUR)
        const series = [...Map.groupBy(ages, (age) => age)].map(([age, all]) => ({
          ...NOTHING,
          hour: hour - age,
          turns: all.length,
        }))
        expect(series.every((one) => one.hour >= firstHour(now))).toBe(true)
        const { days, hours, day, today } = trafficOf(series, now, zone)
        const dayName = (which: number) =>
          new Date(which * HOUR + zone * MINUTE).toISOString().slice(0, 10)
        for (const one of days)
          expect(one.sums.turns).toBe(
            series
              .filter(({ hour: which }) => dayName(which) === one.day)
              .reduce((sum, { turns: some }) => sum + some, 0),
          )
        expect(today.turns).toBe(days.at(-1)?.sums.turns ?? -1)
        expect(hours[0]?.hour).toBe(dayBegins(now))
        expect(day.turns).toBe(hours.reduce((sum, { turns: some }) => sum + some, 0))
      },
    ),
  ))

test('everything that may need attention has its words, in both languages', () => {
  for (const language of ['en', 'zh'] as const) {
    for (const what of Object.keys(
      attentionTitles[language],
    ) as (keyof typeof attentionTitles.en)[]) {
      expect(attentionTitles[language][what]('3', 'grok').length).toBeGreaterThan(5)
      expect(attentionAdvice[language][what].length).toBeGreaterThan(5)
    }
    const { markup } = overviewPage(viewFor(language), {
      at: NOW,
      traffic: trafficOf([], NOW, 480),
      latency: {
        turns: 0,
        p50: undefined,
        p95: undefined,
        firstByteP50: undefined,
        firstByteP95: undefined,
      },
      pool: [],
      attention: [],
      topKeys: [{ ...NOTHING, name: 'gone-key', shown: undefined }],
      topModels: [],
    })
    expect(markup).toContain('gone-key')
  }
})

test('of thousands of accounts the most frequent reason is told', () => {
  const member = (reason: string): Member =>
    ({
      account: { kind: 'web', tier: 'super', maxInFlight: 9 },
      inFlight: 0,
      rest: { state: 'cooling', reason, until: NOW + 1, faults: 1 },
    }) as unknown as Member
  const members = Array.from({ length: 300 }, (_, at) =>
    member(at % 3 === 0 ? 'usual' : `odd ${at}`),
  )
  expect(poolHealth(members, [], NOW)).toEqual([
    {
      kind: 'web',
      tier: 'super',
      accounts: 300,
      states: { cooling: 300 },
      reasons: { cooling: 'usual' },
    },
  ])
})
