import { expect, test } from 'bun:test'
import { fakeUpstream } from '../fakes/upstream'
import { ASK, type Gateway, gateway, openaiAt, xaiAt } from '../support/gateway'
import { ownClock } from '../support/own-clock'
import { until } from '../support/programs'

const refuse = (status: number, body: object = {}, headers: Record<string, string> = {}) =>
  Response.json({ error: { message: 'No.', ...body } }, { status, headers })

async function stateOf(it: Gateway): Promise<string | undefined> {
  await it.app.flush()
  return (await it.stores.accountStates.all())[0]?.state
}

test('a short Retry-After is waited out when there is nobody else', async () => {
  await using upstream = fakeUpstream(({ path }) => {
    if (path === '/v1/models' || upstream.asked().length > 1) return
    return refuse(429, {}, { 'retry-after': '1' })
  })
  await using it = await gateway({ env: xaiAt(upstream.url) })
  const begun = performance.now()
  const reply = await it.post('/v1/chat/completions', ASK)
  expect([reply.status, reply.headers.get('x-groxy-attempts')]).toEqual([200, '2'])
  expect(performance.now() - begun).toBeGreaterThan(990)
  expect((await it.ledger())[0]?.attemptLog).toMatchObject([
    { fault: 'refused', status: 429, effect: 'cooling', says: '429: No.' },
    { account: expect.stringMatching(/^env-xai-[0-9a-f]{8}$/), model: 'grok-4' },
  ])
})

test('a short Retry-After is not waited out twice, nor a long one at all', async () => {
  for (const [seconds, calls] of [
    ['1', 2],
    ['30', 1],
  ] as const) {
    await using upstream = fakeUpstream(({ path }) =>
      path === '/v1/models' ? undefined : refuse(429, {}, { 'retry-after': seconds }),
    )
    await using it = await gateway({ env: xaiAt(upstream.url) })
    expect((await it.post('/v1/chat/completions', ASK)).status).toBe(429)
    expect(upstream.asked()).toHaveLength(calls)
  }
})

test('an account that is refused twice is expired, until an operator clears it', async () => {
  let isRefused = true
  await using upstream = fakeUpstream(() => (isRefused ? refuse(401) : undefined))
  await using it = await gateway({
    env: { ...openaiAt(upstream.url) },
  })
  expect((await it.post('/v1/chat/completions', ASK)).status).toBe(502)
  // The first look may fall into a check that is under way.
  await until(async () => {
    await it.app.refresh()
    return (await stateOf(it)) === 'expired' || undefined
  })
  expect(await it.stores.accountStates.all()).toMatchObject([{ state: 'expired', until: null }])
  isRefused = false
  const reply = await it.post('/v1/chat/completions', ASK)
  expect([reply.status, (await reply.json()).error.code]).toEqual([503, 'no_account'])
  const [held] = await it.stores.accountStates.all()
  await it.stores.accountStates.clear(held?.accountId ?? '')
  await it.app.refresh()
  expect((await it.post('/v1/chat/completions', ASK)).status).toBe(200)
})

test('an account that was refused once by mistake only rests', async () => {
  await using upstream = fakeUpstream(({ path }) =>
    path === '/v1/models' ? undefined : refuse(401),
  )
  await using it = await gateway({ env: xaiAt(upstream.url) })
  await it.post('/v1/chat/completions', ASK)
  await it.app.refresh()
  await it.app.flush()
  expect(await it.stores.accountStates.all()).toMatchObject([{ state: 'cooling', faults: 1 }])
})

test("rate-limit headers are heeded before a 429 happens, and the client learns the window's end", async () => {
  await using upstream = fakeUpstream(({ path }) =>
    path === '/v1/models'
      ? undefined
      : Response.json(
          { choices: [{ index: 0, message: { content: 'Hi' }, finish_reason: 'stop' }] },
          {
            headers: {
              'x-ratelimit-limit-requests': '100',
              'x-ratelimit-remaining-requests': '0',
              'x-ratelimit-reset-requests': '1m30s',
            },
          },
        ),
  )
  const now = Date.now()
  await using it = await gateway({ env: xaiAt(upstream.url), now: () => now })
  expect((await it.post('/v1/chat/completions', ASK)).status).toBe(200)
  const reply = await it.post('/v1/chat/completions', ASK)
  expect(reply.status).toBe(429)
  expect(reply.headers.get('retry-after')).toBe('90')
  expect(upstream.asked()).toHaveLength(1)
  // The limit is that of one model.
  expect((await it.post('/v1/chat/completions', { ...ASK, model: 'grok-4-mini' })).status).toBe(200)
})

test('a picture is no text for which tokens would have to be left', async () => {
  await using upstream = fakeUpstream(({ path }) =>
    path === '/v1/models'
      ? undefined
      : Response.json(
          { choices: [{ index: 0, message: { content: 'Hi' }, finish_reason: 'stop' }] },
          {
            headers: {
              'x-ratelimit-limit-tokens': '30000',
              'x-ratelimit-remaining-tokens': '29000',
              'x-ratelimit-reset-tokens': '60s',
            },
          },
        ),
  )
  await using it = await gateway({ env: xaiAt(upstream.url) })
  const url = `data:image/png;base64,${'A'.repeat(400_000)}`
  const messages = [{ role: 'user', content: [{ type: 'image_url', image_url: { url } }] }]
  for (let turn = 0; turn < 2; turn++)
    expect((await it.post('/v1/chat/completions', { ...ASK, messages })).status).toBe(200)
})

test('a route goes on although its first model has used up all attempts', async () => {
  await using upstream = fakeUpstream(({ path, body }) =>
    path !== '/v1/models' && JSON.parse(body).model === 'grok-4' ? refuse(500) : undefined,
  )
  await using it = await gateway({ env: xaiAt(upstream.url), settings: { max_attempts: 1 } })
  await using other = fakeUpstream()
  await it.stores.accounts.add({
    kind: 'openai',
    name: 'other',
    baseUrl: other.url,
    secret: 'sk-other',
    models: ['grok-3'],
  })
  await it.stores.aliases.set('best', {
    mode: 'order',
    targets: [{ model: 'grok-4' }, { model: 'grok-3' }],
  })
  await it.app.refresh()
  const reply = await it.post('/v1/chat/completions', { ...ASK, model: 'best' })
  expect([reply.status, reply.headers.get('x-groxy-model')]).toEqual([200, 'grok-3'])
})

test('a limit of a forwarded call leaves chat alone, and a path that is not there is asked for once', async () => {
  await using upstream = fakeUpstream(({ path }) => {
    if (path === '/v1/tts') return refuse(429, {}, { 'retry-after': '600' })
    return path === '/v1/nowhere' ? refuse(404) : undefined
  })
  await using it = await gateway({ env: xaiAt(upstream.url) })
  const asked = { model: 'grok-imagine', prompt: 'x' }
  expect((await it.post('/v1/tts', asked)).status).toBe(429)
  expect((await it.post('/v1/nowhere', {})).status).toBe(404)
  expect((await it.post('/v1/chat/completions', ASK)).status).toBe(200)
})

test('Retry-After is believed within reason', async () => {
  for (const [said, least, most] of [
    ['0', 1, 1],
    ['1e300', 86_390, 86_400],
  ] as const) {
    await using upstream = fakeUpstream(({ path }) =>
      path === '/v1/models' ? undefined : refuse(429, {}, { 'retry-after': said }),
    )
    await using it = await gateway({ env: xaiAt(upstream.url), settings: { retry_wait_ms: 0 } })
    const reply = await it.post('/v1/chat/completions', ASK)
    expect(Number(reply.headers.get('retry-after'))).toBeWithin(least, most + 1)
  }
})

test('a challenge of the edge blames no account, and tells the client nothing of our egress', async () => {
  await using upstream = fakeUpstream(({ path }) =>
    path === '/v1/models'
      ? undefined
      : new Response('<html><title>Just a moment...</title></html>', {
          status: 403,
          headers: { 'cf-mitigated': 'challenge', 'content-type': 'text/html' },
        }),
  )
  await using it = await gateway({ env: xaiAt(upstream.url) })
  for (let turn = 0; turn < 2; turn++) {
    const reply = await it.post('/v1/chat/completions', ASK)
    expect([reply.status, (await reply.json()).error.code]).toEqual([502, 'upstream_error'])
  }
  expect(upstream.asked()).toHaveLength(2)
  await it.app.refresh()
  await it.app.flush()
  expect(await it.stores.accountStates.all()).toEqual([])
  expect((await it.ledger())[0]?.attemptLog?.[0]?.says).toContain("this machine's address")
})

test('a JSON turn to a silent account is given to another in time', async () => {
  await using silent = fakeUpstream(({ path }) =>
    path === '/v1/models' ? undefined : new Promise<Response>(() => {}),
  )
  await using good = fakeUpstream()
  using clock = ownClock()
  await using it = await gateway({
    env: { ...xaiAt(silent.url), ...openaiAt(good.url) },
    settings: { answer_timeout_ms: 200 },
    now: clock.now,
  })
  const reply = await it.post('/v1/chat/completions', ASK)
  expect([reply.status, reply.headers.get('x-groxy-account')]).toEqual([200, 'env'])
  expect((await it.ledger())[0]).toMatchObject({ kind: 'openai', modelUsed: 'grok-4', attempts: 2 })
})
