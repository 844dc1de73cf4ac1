import { describe, expect, test } from 'bun:test'
import { fakeUpstream } from '../fakes/upstream'
import { ASK, gateway, KEY, xaiAt } from '../support/gateway'
import { parseMetrics } from '../support/prometheus'

const TOKEN = 'a token of sixteen signs or more'.replaceAll(' ', '-')
const from = (address: string | undefined) => ({
  requestIP: () => (address === undefined ? null : { address }),
})

type Headers = Readonly<Record<string, string>>

/** The answer to one who asks from an address. */
async function asked(
  it: Awaited<ReturnType<typeof gateway>>,
  address: string | undefined,
  headers: Headers = {},
  url = 'http://127.0.0.1:8000/metrics',
) {
  const response = await it.app.fetch(new Request(url, { headers }), from(address))
  const text = await response.text()
  return { status: response.status, text }
}

describe('who may read the metrics', () => {
  test.each([
    ['127.0.0.1', {}, 200],
    ['127.8.9.1', {}, 200],
    ['::1', {}, 200],
    ['::ffff:127.0.0.1', {}, 200],
    ['10.0.0.9', {}, 403],
    ['1270.0.0.1', {}, 403],
    ['fe80::127.0.0.1', {}, 403],
    [undefined, {}, 403],
    ['127.0.0.1', { 'x-forwarded-for': '127.0.0.1' }, 403],
    ['127.0.0.1', { forwarded: 'for=10.0.0.9' }, 403],
    ['127.0.0.1', { 'x-real-ip': '10.0.0.9' }, 403],
    ['127.0.0.1', { authorization: `Bearer ${KEY}` }, 403],
    ['10.0.0.9', { authorization: `Bearer ${TOKEN}` }, 403],
  ])('without a token, from %s with %j: %d', async (address, headers, status) => {
    await using it = await gateway()
    const answer = await asked(it, address, headers)
    expect(answer.status).toBe(status)
    if (status === 200) return expect(answer.text).toContain('groxy_build_info')
    const { error } = JSON.parse(answer.text)
    expect(error).toMatchObject({ type: 'invalid_request_error', code: 'access_denied' })
    expect(error.message).toContain('METRICS_TOKEN')
  })

  test.each([
    ['10.0.0.9', { authorization: `Bearer ${TOKEN}` }, 200],
    ['10.0.0.9', { authorization: `bearer  ${TOKEN}` }, 200],
    ['10.0.0.9', { authorization: `Bearer ${TOKEN}`, 'x-forwarded-for': '10.0.0.9' }, 200],
    [undefined, { authorization: `Bearer ${TOKEN}` }, 200],
    ['127.0.0.1', {}, 200],
    ['10.0.0.9', {}, 401],
    ['127.0.0.1', { 'x-forwarded-for': '10.0.0.9' }, 401],
    ['127.0.0.1', { authorization: `Bearer ${TOKEN}x` }, 401],
    ['10.0.0.9', { authorization: `Bearer ${TOKEN.slice(0, -1)}` }, 401],
    ['10.0.0.9', { authorization: `Bearer ${TOKEN.slice(0, -1)}X` }, 401],
    ['10.0.0.9', { authorization: `Bearer ${TOKEN}${TOKEN}` }, 401],
    ['10.0.0.9', { authorization: TOKEN }, 401],
    ['10.0.0.9', { authorization: `Bearer ${KEY}` }, 401],
  ])('with a token, from %s with %j: %d', async (address, headers, status) => {
    await using it = await gateway({ env: { METRICS_TOKEN: TOKEN } })
    const answer = await asked(it, address, headers)
    expect(answer.status).toBe(status)
    if (status === 401)
      expect(JSON.parse(answer.text).error).toMatchObject({ code: 'invalid_api_key' })
  })

  test('a page may not ask for them under a name that leads to this machine', async () => {
    await using it = await gateway()
    const url = 'http://rebound.example:8000/metrics'
    expect((await asked(it, '127.0.0.1', {}, url)).status).toBe(403)
    const local = ['http://localhost:8000/metrics', 'http://[::1]:8000/metrics']
    for (const own of local) expect((await asked(it, '::1', {}, own)).status).toBe(200)
  })

  test('a short token is refused at the start', async () => {
    await expect(gateway({ env: { METRICS_TOKEN: 'short' } })).rejects.toThrow('METRICS_TOKEN')
  })
})

test('a real server tells who asks, and what it has done', async () => {
  await using upstream = fakeUpstream()
  await using it = await gateway({ env: xaiAt(upstream.url) })
  for (const body of [ASK, { ...ASK, stream: true }, { ...ASK, model: 'invented' }])
    await (await it.post('/v1/chat/completions', body)).text()
  const response = await fetch(`${it.url}/metrics`)
  expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
  const { value, values, types } = parseMetrics(await response.text())
  const turns = values('groxy_turns_total').filter(([, count]) => count > 0)
  expect(turns.map(([{ model, outcome }, count]) => [model, outcome, count])).toEqual([
    ['grok-4', 'done', 2],
    ['other', 'failed', 1],
  ])
  expect(values('gen_ai_server_time_to_first_token_seconds_count').map(([, n]) => n)).toContain(1)
  expect(value('groxy_accounts', { kind: 'xai', state: 'ready' })).toBe(1)
  expect(value('groxy_accounts', { kind: 'xai', state: 'cooling' })).toBe(0)
  expect(value('groxy_inflight')).toBe(0)
  expect(value('process_resident_memory_bytes')).toBeGreaterThan(1_000_000)
  expect(value('process_start_time_seconds')).toBeLessThan(Date.now() / 1000)
  expect(types.get('groxy_cost_usd_total')).toBe('counter')
})

test('one of several processes tells what all of them have done, and how many did not say', async () => {
  await using upstream = fakeUpstream()
  const env = xaiAt(upstream.url)
  await using other = await gateway({ env })
  await using it = await gateway({
    env,
    siblings: {
      index: 1,
      metrics: async () => ({ told: [{ index: 0, text: other.app.metrics() }], missing: 2 }),
    },
  })
  for (const asked of [it, other, other])
    await (await asked.post('/v1/chat/completions', ASK)).text()
  const { value, values } = parseMetrics(await (await fetch(`${it.url}/metrics`)).text())
  const turns = values('groxy_turns_total').filter(([, count]) => count > 0)
  expect(turns.map(([{ process }, count]) => [process, count])).toEqual([
    ['0', 2],
    ['1', 1],
  ])
  expect(values('groxy_processes')).toEqual([
    [{ told: 'yes' }, 2],
    [{ told: 'no' }, 2],
  ])
  expect(value('groxy_inflight')).toBeUndefined()
  expect(parseMetrics(it.app.metrics()).values('groxy_processes')).toEqual([])
  const alone = parseMetrics(await (await fetch(`${other.url}/metrics`)).text())
  expect(alone.value('groxy_inflight')).toBe(0)
  expect(alone.values('groxy_processes')).toEqual([])
})

test('turns that cannot be written down are seen, and reported', async () => {
  await using upstream = fakeUpstream()
  await using it = await gateway({ env: xaiAt(upstream.url) })
  await it.client.execute('ALTER TABLE ledger RENAME TO elsewhere')
  await (await it.post('/v1/chat/completions', ASK)).text()
  await it.app.flush()
  const waiting = async () =>
    parseMetrics(await (await fetch(`${it.url}/metrics`)).text()).value('groxy_ledger_waiting')
  expect(await waiting()).toBe(1)
  const said = it.lines
    .map((line) => JSON.parse(line))
    .find(({ event }) => event === 'ledger_waits')
  expect(said).toMatchObject({ level: 'warn', waiting: 1, dropped: 0 })
  await it.client.execute('ALTER TABLE elsewhere RENAME TO ledger')
  expect(await it.ledger()).toHaveLength(1)
  expect(await waiting()).toBe(0)
})

test('an account that rests is seen', async () => {
  await using upstream = fakeUpstream(({ path }) =>
    path === '/v1/models' ? undefined : new Response('{}', { status: 429 }),
  )
  await using it = await gateway({ env: xaiAt(upstream.url) })
  await (await it.post('/v1/chat/completions', ASK)).text()
  const { value } = parseMetrics(await (await fetch(`${it.url}/metrics`)).text())
  expect(value('groxy_accounts', { kind: 'xai', state: 'ready' })).toBe(0)
})

test('no key, account, request or content is told', async () => {
  await using upstream = fakeUpstream(({ path }) =>
    path === '/v1/models'
      ? Response.json({ data: [{ id: 'grok-4' }] })
      : Response.json(
          { error: { message: 'CANARY-answer', code: 'CANARY-code' } },
          { status: 400 },
        ),
  )
  const env = {
    ...xaiAt(upstream.url),
    XAI_API_KEY: 'xai-CANARY-account-secret',
    METRICS_TOKEN: 'CANARY-metrics-token',
    GROXY_API_KEY: 'sk-CANARY-client-key',
  }
  await using it = await gateway({ env })
  const { secret } = await it.stores.keys.create({ name: 'CANARY-name' })
  await it.app.refresh()
  for (const key of [env.GROXY_API_KEY, secret])
    for (const model of ['grok-4', 'CANARY-model'])
      await it.post(
        '/v1/chat/completions',
        { model, messages: [{ role: 'user', content: 'CANARY-content' }] },
        { headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' } },
      )
  const text = await (await fetch(`${it.url}/metrics`)).text()
  parseMetrics(text)
  expect(text).toContain('groxy_turns_total')
  expect(text).not.toContain('CANARY')
  expect(text).not.toContain('env')
  expect(text).not.toContain(secret.slice(-4))
})
