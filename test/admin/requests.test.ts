import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { masked } from '#src/admin/requests/secrets'
import type { LedgerEntry } from '#src/store/ledger'
import { adminWorld } from '../support/admin'
import { batchOf, entry } from '../support/entries'
import { ASK } from '../support/gateway'

const NOW = Date.UTC(2026, 10, 21, 12)
const [MINUTE, HOUR, DAY] = [60_000, 3_600_000, 86_400_000]
const idAt = (at: number, end: string) =>
  `req_${at.toString(16).padStart(12, '0')}${end.padStart(20, '0')}`

const EVIL = '"><script>alert(1)</script>'

/** A world with these turns in its ledger. */
async function world(turns: readonly LedgerEntry[], settings: Record<string, unknown> = {}) {
  const it = await adminWorld({ now: () => NOW, settings, env: { DEMO: '1' } })
  await it.stores.ledger.append(batchOf(turns))
  const list = async (search = '') => {
    const answer = await it.api(`/requests${search}`)
    const body = await answer.json()
    return { status: answer.status, body, ids: body.data?.map((one: { id: string }) => one.id) }
  }
  return { ...it, list, [Symbol.asyncDispose]: () => it[Symbol.asyncDispose]() }
}

describe('requests', () => {
  let it: Awaited<ReturnType<typeof world>>
  let keyId = ''
  let accountId = ''
  const failedAt = NOW - 30 * MINUTE
  const failedId = idAt(failedAt, 'f')
  beforeAll(async () => {
    it = await world(
      [entry('req_old', { at: NOW - 3 * DAY, endpoint: 'responses', kind: 'xai' })],
      {
        keep_content_days: 1,
      },
    )
    const { key } = await it.stores.keys.create({ name: 'laptop' })
    const account = await it.stores.accounts.add({
      kind: 'openai',
      name: 'local',
      secret: 'sk-local-secret-0123456789',
      baseUrl: 'http://127.0.0.1:9',
    })
    keyId = key.id
    accountId = account.id
    await it.app.refresh()
    await it.stores.ledger.append(
      batchOf([
        entry(failedId, {
          at: failedAt,
          keyId,
          accountId: 'gone-account',
          kind: 'openai',
          model: EVIL,
          modelUsed: 'gpt-4',
          outcome: 'failed',
          status: 502,
          errorCode: 'upstream_error',
          attempts: 2,
          firstByteMs: null,
          totalMs: 1_500,
          costTicks: null,
          attemptLog: [
            {
              account: accountId,
              model: 'gpt-4',
              ms: 400,
              fault: 'refused',
              status: 429,
              code: 'rate_limit',
              effect: 'cooling',
              says: `Slow down ${EVIL}`,
            },
            { account: 'gone-account', model: 'gpt-4', ms: 900, fault: 'timeout', effect: 'none' },
          ],
        }),
        entry('req_left', {
          at: NOW - MINUTE,
          keyId: 'env',
          outcome: 'gone',
          status: 499,
          model: '=1+2',
        }),
        entry('req_new', {
          at: NOW,
          keyId,
          accountId,
          kind: 'openai',
          stream: true,
          firstByteMs: 80,
          totalMs: 500,
          costTicks: 12_000_000,
          costSource: 'computed',
        }),
      ]),
    )
    await it.stores.ledger.keep([
      {
        requestId: 'req_new',
        at: NOW,
        request: JSON.stringify({
          model: 'm',
          messages: [{ role: 'user', content: "It's <b>me</b>" }],
          tools: [{ type: 'mcp', authorization: 'planted-in-a-tool' }],
        }),
        answer: 'the key sk-planted-0123456789 was said',
      },
    ])
  })
  afterAll(() => it[Symbol.asyncDispose]())

  test.each([
    ['', ['req_new', 'req_left', failedId, 'req_old']],
    ['?outcome=done', ['req_new', 'req_old']],
    ['?outcome=problem', [failedId]],
    ['?outcome=gone', ['req_left']],
    ['?status=499', ['req_left']],
    ['?status=5xx', [failedId]],
    ['?endpoint=responses', ['req_old']],
    ['?model=gpt-4', [failedId]],
    ['?key=laptop', ['req_new', failedId]],
    ['?key=env', ['req_left']],
    ['?key=nobody', []],
    ['?account=openai/local', ['req_new', failedId]],
    ['?account=local', ['req_new', failedId]],
    ['?account=nobody', []],
    ['?kind=xai', ['req_old']],
    ['?code=upstream_error', [failedId]],
    ['?code=rate_limit', [failedId]],
    [`?request_id=${failedId}`, [failedId]],
    ['?since=1h', ['req_new', 'req_left', failedId]],
    ['?until=1h', ['req_old']],
    [`?since=${Math.floor((NOW - 40 * MINUTE) / 1000)}&until=10m`, [failedId]],
    ['?since=2026-11-21T11:20&until=2026-11-21T11:40', [failedId]],
    ['?limit=2', ['req_new', 'req_left']],
  ])('are found by %p', async (search, expected) => {
    expect((await it.list(search)).ids).toEqual(expected)
    const page = await (await it.page(`/admin/requests${search}`)).text()
    if (!search.includes('limit'))
      expect([...page.matchAll(/<tr id="row-/g)]).toHaveLength(expected.length)
  })

  test('are listed part by part, without one too many or too few', async () => {
    const seen: string[] = []
    let after = ''
    for (;;) {
      const { body, ids } = await it.list(`?limit=1${after}`)
      seen.push(...ids)
      if (!body.has_more) break
      after = `&after=${body.next}`
    }
    expect(seen).toEqual(['req_new', 'req_left', failedId, 'req_old'])
  })

  test.each([
    ['?outcome=fine', 'outcome'],
    ['?status=9', 'status'],
    ['?since=yesterday', 'since'],
    ['?limit=0', 'limit'],
    ['?limit=201', 'limit'],
    ['?after=x', 'after'],
    ['?colour=red', 'colour'],
  ])('are not listed for %p, which is refused by its name', async (search, param) => {
    const { status, body } = await it.list(search)
    expect([status, body.error.param]).toEqual([400, param])
  })

  test('a filter that cannot be meant comes back on the page with what is wrong', async () => {
    const page = await (await it.page('/admin/requests?since=yesterday&key=laptop')).text()
    expect(page).toContain('value="yesterday"')
    expect(page).toContain('id="field-since-problem"')
    expect(page).toContain('value="laptop"')
  })

  test('one is shown in full: every attempt in order, its words, its effect, and why it failed', async () => {
    const { data, curl, content } = await (await it.api(`/requests/${failedId}`)).json()
    expect(data).toHaveLength(1)
    expect(data[0]).toMatchObject({
      id: failedId,
      created_at: Math.floor(failedAt / 1000),
      key: { id: keyId, name: 'laptop' },
      account: { id: 'gone-account', name: null },
      cost_usd_ticks: null,
    })
    expect(data[0].attempt_log).toMatchObject([
      { account: { id: accountId, name: 'openai/local' }, status: 429, effect: 'cooling' },
      { account: { name: null }, fault: 'timeout', status: null, says: null },
    ])
    expect(content).toBeNull()
    expect(curl).toContain('$GROXY_KEY')
    const page = await (await it.page(`/admin/requests/${failedId}`)).text()
    const attempts = page.slice(page.indexOf('Attempts, in order'))
    expect(attempts.indexOf('openai/local')).toBeLessThan(attempts.indexOf('gone-acc'))
    expect(page).toContain(`href="/admin/keys/${keyId}"`)
    expect(page).toContain(`href="/admin/accounts/${accountId}"`)
    expect(page).toContain('Slow down &quot;&gt;&lt;script&gt;')
    expect(page).not.toContain('<script>alert')
    expect(page).toContain('Why it failed')
  })

  test('what was said is shown where it is kept, without secrets, and is in the command', async () => {
    const page = await (await it.page('/admin/requests/req_new')).text()
    expect(page).toContain('It&#39;s &lt;b&gt;me&lt;/b&gt;')
    const { curl, content } = await (await it.api('/requests/req_new')).json()
    expect(content.answer).toBe('the key …6789 was said')
    expect(curl).toContain(
      `-d '{"model":"m","messages":[{"role":"user","content":"It'\\''s <b>me</b>"}]`,
    )
    for (const text of [page, curl, content.request]) {
      expect(text).not.toContain('planted-in-a-tool')
      expect(text).not.toContain('sk-planted')
    }
  })

  test.each([
    ['{"api_key":"one-two","b":1}', '{"api_key":"…","b":1}'],
    ['{"password":"o\\"ne","b":1}', '{"password":"…","b":1}'],
    [
      JSON.stringify({ arguments: JSON.stringify({ authorization: 'Basic o"n\\e', b: 'two' }) }),
      JSON.stringify({ arguments: '{"authorization":"…","b":"two"}' }),
    ],
    [
      JSON.stringify({ a: JSON.stringify({ a: JSON.stringify({ cookie: 'sso="1"', b: 2 }) }) }),
      JSON.stringify({ a: JSON.stringify({ a: '{"cookie":"…","b":2}' }) }),
    ],
    ['{"arguments":"{\\"secret\\":\\"cut o', '{"arguments":"{\\"secret\\":\\"…\\"'],
  ])('of %p that was said nothing secret is left', (said, shown) => {
    expect(masked(said)).toBe(shown)
  })

  test('the time of a single attempt is not told as one of waiting', async () => {
    const single = await (await it.page('/admin/requests/req_new')).text()
    const several = await (await it.page(`/admin/requests/${failedId}`)).text()
    expect(single).toContain('Until the account answered')
    expect(single).not.toContain('Waiting and choosing')
    expect(several).not.toContain('Until the account answered')
  })

  test('the command does what the request did', async () => {
    const { curl } = await (await it.api('/requests/req_new')).json()
    const run = Bun.spawn(
      [
        'sh',
        '-c',
        `${curl
          .replace('curl ', 'curl -s ')
          .replace('"model":"m"', '"model":"demo"')
          .replace(/,"tools":\[.*?\]/, '')}`,
      ],
      {
        env: { ...process.env, GROXY_KEY: 'sk-groxy-test-0123456789' },
        stdout: 'pipe',
      },
    )
    const answer = await new Response(run.stdout).text()
    expect(answer).toContain('"object":"chat.completion"')
    await it.app.flush()
  })

  test('a request that is not there is said so, on the page and by the API', async () => {
    for (const path of ['/admin/api/requests/req_none', '/admin/requests/req_none'])
      expect((await it.page(path)).status).toBe(404)
  })

  test('are exported with the same filters, and no cell is a formula', async () => {
    const csv = await (await it.api('/requests/export?format=csv&outcome=gone')).text()
    const [head, line, end] = csv.split('\r\n')
    expect(head).toStartWith('time,request_id,outcome,status')
    expect(line).toContain(`,"'=1+2",`)
    expect(end).toBe('')
    const lines = (await (await it.api('/requests/export?format=jsonl')).text()).trim().split('\n')
    expect(lines.map((text) => JSON.parse(text))).toEqual((await it.list()).body.data)
    expect((await it.api('/requests/export?format=xml')).status).toBe(400)
  })
})

describe('clearing', () => {
  const turns = [
    entry('req_1', { at: NOW - 40 * DAY }),
    entry('req_2', { at: NOW - 8 * DAY }),
    entry('req_3', { at: NOW - HOUR }),
  ]
  test('removes what is older, keeps the sums, and is written down', async () => {
    await using it = await world(turns)
    const kept = { request: 'asked', answer: 'said' }
    await it.stores.ledger.keep(turns.map(({ requestId, at }) => ({ requestId, at, ...kept })))
    const answer = await it.api('/requests?before=7d', undefined, 'DELETE')
    expect(await answer.json()).toEqual({ object: 'request.cleared', removed: 2 })
    expect((await it.list()).ids).toEqual(['req_3'])
    expect(await it.stores.ledger.content('req_2')).toBeUndefined()
    expect(await it.stores.ledger.content('req_3')).toMatchObject(kept)
    expect(await it.stores.ledger.hours()).toHaveLength(3)
    const { rows } = await it.client.execute(
      "SELECT actor, after FROM audit_log WHERE action = 'requests.clear'",
    )
    expect(rows).toHaveLength(1)
    expect(JSON.parse(String(rows[0]?.after))).toMatchObject({ removed: 2 })
  })

  test('is done by the page, for all too, and needs to be told which', async () => {
    await using it = await world(turns)
    expect((await it.send('/admin/requests/clear', { before: '' })).status).toBe(400)
    const part = await (await it.send('/admin/requests/clear', { before: '30d' })).text()
    expect(part).toContain('1 requests were removed.')
    expect([...part.matchAll(/<tr id="row-/g)]).toHaveLength(2)
    await it.send('/admin/requests/clear', { before: 'all' })
    const page = await (await it.page('/admin/requests')).text()
    expect(page).toContain('No requests yet')
    expect(page).toContain('/v1/chat/completions')
    for (const search of ['', '?before=soon'])
      expect((await it.api(`/requests${search}`, undefined, 'DELETE')).status).toBe(400)
    expect(await (await it.api('/requests?before=all', undefined, 'DELETE')).json()).toMatchObject({
      removed: 0,
    })
  })
})

test('what is new appears by itself, and only where it fits', async () => {
  await using it = await world([entry('req_a', { at: NOW })])
  const pageOf = async (search: string) => (await it.page(`/admin/requests${search}`)).text()
  const pollOf = (page: string) =>
    /hx-get="([^"]+)"/.exec(page.slice(page.indexOf('data-tick')))?.[1]?.replaceAll('&amp;', '&') ??
    ''
  const ask = (path: string) =>
    it.page(path, { headers: { 'hx-request': 'true', 'hx-request-type': 'partial' } })
  const poll = pollOf(await pageOf('?live=1&model=other'))
  expect(poll).toContain('than=1')
  expect((await ask(poll)).status).toBe(204)
  await it.stores.ledger.append(batchOf([entry('req_b', { at: NOW })]))
  const second = await (await ask(poll)).text()
  expect(second).not.toContain('hx-partial')
  expect(pollOf(second)).toContain('than=2')
  await it.stores.ledger.append(batchOf([entry('req_c', { at: NOW, model: 'other' })]))
  const third = await (await ask(pollOf(second))).text()
  expect(third).toContain('hx-target="#list"')
  expect(third).toContain('req_c')
  expect(third).not.toContain('req_b')
  expect(await pageOf('')).not.toContain('data-tick')
})

test('a request that a client makes is found by its id at once, and in the log', async () => {
  await using it = await adminWorld()
  const answer = await it.gate.post('/v1/chat/completions', { ...ASK, model: 'demo' })
  const id = answer.headers.get('x-request-id') ?? ''
  await answer.text()
  await it.app.flush()
  const { data } = await (await it.api(`/requests/${id}`)).json()
  expect(data).toMatchObject([
    { id, outcome: 'done', account: { name: 'demo/demo' }, key: { name: 'env' } },
  ])
  expect(await (await it.page('/admin/requests')).text()).toContain(`/admin/requests/${id}`)
})
