import { describe, expect, test } from 'bun:test'
import { bytes, fakeUpstream, sse } from '../fakes/upstream'
import { ASK, gateway, KEY, keyed, openaiAt, xaiAt } from '../support/gateway'
import { rawAnswer } from '../support/raw-http'

const OWN = {
  authorization: 'Bearer xai-callers-own-key-0123456789',
  'content-type': 'application/json',
}

const echo = () =>
  fakeUpstream(({ method, path, body, headers }) =>
    path === '/v1/models' && method === 'GET'
      ? undefined
      : Response.json(
          { method, path, body, authorization: headers.get('authorization') },
          {
            status: 201,
            headers: { 'retry-after': '5', 'set-cookie': 'a=b', 'x-ratelimit-limit': '9' },
          },
        ),
  )

describe("a caller's own xAI key", () => {
  test('goes to xAI with its call, as it is, and the answer comes back as it is', async () => {
    await using xai = echo()
    await using it = await gateway({ env: { XAI_BASE_URL: xai.url } })
    const reply = await it.post('/v1/completions?x=1', '{"a":1,"a":2}', {
      headers: { ...OWN, cookie: 'c=d', 'x-forwarded-for': '1.2.3.4' },
    })
    expect(reply.status).toBe(201)
    expect(await reply.json()).toEqual({
      method: 'POST',
      path: '/v1/completions?x=1',
      body: '{"a":1,"a":2}',
      authorization: OWN.authorization,
    })
    expect(reply.headers.get('x-ratelimit-limit')).toBe('9')
    expect(reply.headers.get('set-cookie')).toBeNull()
    expect(xai.seen[0]?.headers.get('cookie')).toBeNull()
    expect(xai.seen[0]?.headers.get('x-forwarded-for')).toBeNull()
    expect(await it.ledger()).toEqual([])
    expect(it.lines.join('\n')).not.toContain('xai-callers')
  })

  test('covers the calls that Groxy serves itself too', async () => {
    await using xai = echo()
    await using it = await gateway({ env: { XAI_BASE_URL: xai.url } })
    expect((await it.post('/v1/chat/completions', ASK, { headers: OWN })).status).toBe(201)
    expect((await it.get('/v1/models/grok-4', { headers: OWN })).status).toBe(201)
    expect((await it.get('/v1/models', { headers: OWN })).status).toBe(200)
  })

  test('is no key any more when the setting says so', async () => {
    await using xai = echo()
    await using it = await gateway({
      env: { XAI_BASE_URL: xai.url },
      settings: { pass_through: false },
    })
    expect((await it.post('/v1/chat/completions', ASK, { headers: OWN })).status).toBe(401)
    expect(xai.seen).toHaveLength(0)
  })

  test('meets a dead xAI with 502', async () => {
    const xai = echo()
    await xai.stop()
    await using it = await gateway({ env: { XAI_BASE_URL: xai.url } })
    expect((await it.post('/v1/completions', ASK, { headers: OWN })).status).toBe(502)
  })
})

describe('a path that Groxy does not model', () => {
  test("is forwarded with an xAI account's key, and recorded", async () => {
    await using xai = echo()
    await using it = await gateway({ env: xaiAt(xai.url) })
    const reply = await it.post('/v1/completions?x=1', { model: 'grok-4', input: 'Hi' })
    expect(reply.status).toBe(201)
    expect(await reply.json()).toMatchObject({
      authorization: 'Bearer [redacted]',
      path: '/v1/completions?x=1',
    })
    expect((await it.get('/v1/api-key', { method: 'DELETE' })).status).toBe(201)
    expect(xai.asked()[0]?.headers.get('authorization')).toBe('Bearer xai-account-secret-1')
    expect(await it.ledger()).toMatchObject([
      { endpoint: 'DELETE /api-key' },
      { endpoint: 'POST /completions', model: 'grok-4', outcome: 'done', status: 201 },
    ])
  })

  test('is counted and paid for by what its answer says it took', async () => {
    const usage = {
      input_tokens: 40,
      input_tokens_details: { cached_tokens: 10 },
      output_tokens: 20,
      output_tokens_details: { reasoning_tokens: 5 },
      total_tokens: 60,
    }
    const cost = 10_000 * (30 * 1 + 10 * 0.5 + 20 * 2)
    const completed = { type: 'response.completed', response: { status: 'completed', usage } }
    await using xai = fakeUpstream(({ method, path, body }) => {
      if (path === '/v1/models') return
      if (path === '/v1/tts') return Response.json({ data: [], usage: { cost_in_usd_ticks: cost } })
      if (method === 'GET') return Response.json({ usage })
      return JSON.parse(body).stream ? sse([JSON.stringify(completed)]) : Response.json({ usage })
    })
    await using it = await gateway({ env: xaiAt(xai.url) })
    await it.stores.prices.set({
      model: 'grok-4',
      input: 1,
      cached: 0.5,
      output: 2,
      longFrom: null,
      longInput: null,
      longCached: null,
      longOutput: null,
    })
    const key = await keyed(it, { dailyCostTicks: 3 * cost })
    const ask = { model: 'grok-4', input: 'Hi' }
    expect((await key.get('/v1/completions/r-1')).status).toBe(200)
    for (const more of [{}, { stream: true }])
      await (await key.post('/v1/completions', { ...ask, ...more })).text()
    await (await key.post('/v1/tts', { model: 'grok-4', text: 'p' })).text()
    const counted = {
      inputTokens: 40,
      cachedTokens: 10,
      outputTokens: 20,
      reasoningTokens: 5,
      costTicks: cost,
      costSource: 'computed',
      usageSource: 'reported',
    }
    expect(await it.ledger()).toMatchObject([
      { inputTokens: 0, costTicks: cost, costSource: 'reported' },
      counted,
      counted,
      { inputTokens: 0, costTicks: null, usageSource: 'none' },
    ])
    expect((await key.post('/v1/completions', ask)).status).toBe(429)
  })

  test('streams both ways', async () => {
    await using xai = fakeUpstream(({ path }) =>
      path === '/v1/stt' ? bytes(['one', 'two'], { gapMs: 30 }) : undefined,
    )
    await using it = await gateway({ env: xaiAt(xai.url) })
    const form = new FormData()
    form.set('file', new Blob(['x'.repeat(100_000)]), 'a.txt')
    const reply = await fetch(`${it.url}/v1/stt`, {
      method: 'POST',
      headers: { authorization: OWN.authorization.replace(/xai.*/, 'sk-groxy-test-0123456789') },
      body: form,
    })
    const pieces: string[] = []
    for await (const piece of reply.body ?? []) pieces.push(new TextDecoder().decode(piece))
    expect(pieces).toEqual(['one', 'two'])
    expect(xai.asked()[0]?.body.length).toBeGreaterThan(100_000)
  })

  test("fails over like any turn, and never shows the account's refusal as the client's", async () => {
    await using bad = fakeUpstream(({ path }) =>
      path === '/v1/models' ? undefined : new Response('no', { status: 401 }),
    )
    await using it = await gateway({ env: xaiAt(bad.url) })
    expect((await it.post('/v1/completions', ASK)).status).toBe(502)
    await using good = echo()
    await it.stores.accounts.add({
      kind: 'xai',
      name: 'b',
      baseUrl: good.url,
      secret: 'xai-second',
    })
    await it.app.refresh()
    expect((await it.post('/v1/completions', ASK)).status).toBe(201)
  })

  test('holds a key to its models', async () => {
    await using xai = echo()
    await using it = await gateway({ env: xaiAt(xai.url) })
    const { secret } = await it.stores.keys.create({ name: 'k', models: ['grok-4-mini'] })
    await it.app.refresh()
    const headers = { authorization: `Bearer ${secret}`, 'content-type': 'application/json' }
    expect((await it.post('/v1/completions', ASK, { headers })).status).toBe(403)
    const form = { ...headers, 'content-type': 'text/plain' }
    expect((await it.post('/v1/stt', 'x', { headers: form })).status).toBe(403)
    expect(
      (await it.post('/v1/completions', { ...ASK, model: 'grok-4-mini' }, { headers })).status,
    ).toBe(201)
  })

  test('never puts the account to rest for what an unknown path refuses', async () => {
    await using xai = fakeUpstream(({ path }) =>
      path === '/v1/odd'
        ? new Response('no', { status: 500 })
        : path === '/v1/acl'
          ? new Response('no', { status: 403 })
          : undefined,
    )
    await using it = await gateway({ env: xaiAt(xai.url) })
    for (const path of ['/v1/odd', '/v1/acl']) expect((await it.get(path)).status).toBe(502)
    expect((await it.post('/v1/chat/completions', ASK)).status).toBe(200)
  })

  test.each([
    ...['/v1/%66iles', '/v1//files', '/v1/files//', '/v1/files#a', '/v1/files%23', '/v1/files%2Fa'],
    ...[
      '/v1/fi%6ces/a/content',
      '/v1/files/a//content',
      '/v1/%2566iles',
      '/v1/files;x',
      '/v1/files%00',
    ],
    ...[
      '/v1/FILES',
      '/v1/Files/a',
      '/v1/files/a/public-url',
      '/v1/files:initialize',
      '/v1/files/a/b/c',
    ],
    ...['/v1/respons%65s/a', '/v1/responses/a/b', '/v1/conversations/a/b/c/d', '/v1/vide%6fs/a'],
  ])(
    'is not forwarded with our accounts where it is another spelling of what belongs to a key: %s',
    async (path) => {
      await using xai = echo()
      await using it = await gateway({ env: xaiAt(xai.url) })
      for (const method of ['GET', 'POST', 'PUT', 'DELETE']) {
        const { status } = await rawAnswer(
          it.url,
          `${method} ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${KEY}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`,
        )
        expect(status, method).toBeWithin(400, 406)
      }
      expect(xai.asked()).toEqual([])
    },
  )

  test('is unknown where no xAI account is, and another method of a known path is 405', async () => {
    await using upstream = fakeUpstream()
    await using it = await gateway({ env: openaiAt(upstream.url) })
    const unknown = await it.post('/v1/completions', ASK)
    expect([unknown.status, (await unknown.json()).error.code]).toEqual([404, 'unknown_path'])
    const wrong = await it.post('/v1/chat/completions/x/messages', ASK)
    expect([wrong.status, (await wrong.json()).error.code]).toEqual([405, 'method_not_allowed'])
  })
})
