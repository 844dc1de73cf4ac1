import { describe, expect, test } from 'bun:test'
import { bytes, chunk, fakeUpstream, hello, helloEvents, sse, USAGE } from '../fakes/upstream'
import { ASK, gateway, openaiAt, readEvents, textOf, xaiAt } from '../support/gateway'
import { ownClock } from '../support/own-clock'

const STREAM = { ...ASK, stream: true }

describe('an answer', () => {
  test('comes as JSON, with the model that was asked for, and lands in the ledger', async () => {
    await using upstream = fakeUpstream()
    await using it = await gateway({ env: xaiAt(upstream.url) })
    const reply = await it.post('/v1/chat/completions', ASK)
    expect(reply.status).toBe(200)
    expect(reply.headers.get('content-type')).toBe('application/json')
    expect(reply.headers.get('x-request-id')).toStartWith('req_')
    expect(await reply.json()).toMatchObject({
      model: 'grok-4',
      choices: [{ message: { content: 'Hello there' } }],
    })
    expect(await it.ledger()).toMatchObject([
      {
        requestId: reply.headers.get('x-request-id'),
        keyId: 'env',
        endpoint: 'chat.completions',
        model: 'grok-4',
        accountId: expect.stringMatching(/^env-xai-[0-9a-f]{8}$/),
        attempts: 1,
        stream: false,
        status: 200,
        outcome: 'done',
        inputTokens: USAGE.prompt_tokens,
        outputTokens: USAGE.completion_tokens,
        usageSource: 'reported',
      },
    ])
    expect(await it.stores.ledger.hours()).toMatchObject([
      { keyId: 'env', turns: 1, inputTokens: 9 },
    ])
  })

  test('comes as a stream, and usage is always asked for', async () => {
    await using upstream = fakeUpstream()
    await using it = await gateway({ env: xaiAt(upstream.url) })
    const reply = await it.post('/v1/chat/completions', STREAM)
    expect(reply.headers.get('content-type')).toStartWith('text/event-stream')
    const events = readEvents(await reply.text())
    expect(textOf(events)).toBe('Hello there')
    expect(events.at(-1)).toBe('[DONE]')
    expect(JSON.parse(upstream.asked()[0]?.body ?? '')).toMatchObject({
      stream_options: { include_usage: true },
    })
    expect(await it.ledger()).toMatchObject([{ outcome: 'done', outputTokens: 2 }])
  })

  test('is asked for letter for letter, but for what must change', async () => {
    await using upstream = fakeUpstream()
    await using it = await gateway({ env: openaiAt(upstream.url) })
    const body =
      '{"model":"grok-4", "messages":[{"role":"developer","content":"\\u00e9"}], "seed":12345678901234567890, "top_k":5, "stop":null, "tools":null, "max_tokens":3, "max_completion_tokens":4}'
    expect((await it.post('/v1/chat/completions', body)).status).toBe(200)
    expect(upstream.asked()[0]?.body).toBe(
      '{"model":"grok-4","messages":[{"role":"developer","content":"\\u00e9"}],"seed":12345678901234567890,"top_k":5,"max_completion_tokens":4}',
    )
  })

  test('is asked of xAI the way xAI takes it', async () => {
    await using upstream = fakeUpstream()
    await using it = await gateway({ env: xaiAt(upstream.url) })
    await it.post('/v1/chat/completions', {
      ...ASK,
      messages: [{ role: 'developer', content: 'Be brief.' }, ...ASK.messages],
      stop: 'END',
      logit_bias: { 5: 1 },
      metadata: { a: 'b' },
      top_k: 5,
    })
    const sent = JSON.parse(upstream.asked()[0]?.body ?? '')
    expect(sent).toEqual({
      ...ASK,
      messages: [{ role: 'system', content: 'Be brief.' }, ...ASK.messages],
      stop: ['END'],
      top_k: 5,
    })
    expect(upstream.asked()[0]?.headers.get('authorization')).toBe('Bearer xai-account-secret-1')
  })
})

describe('fail-over, unseen by the client', () => {
  const error = (status: number, headers: Record<string, string> = {}) =>
    Response.json({ error: { message: 'No.' } }, { status, headers })
  const faults: readonly [string, () => Response | Promise<Response>][] = [
    ['401', () => error(401)],
    ['403', () => error(403)],
    ['429', () => error(429, { 'retry-after': '7' })],
    ['500', () => error(500)],
    ['529', () => error(529)],
    [
      'a wrong key as xAI says it',
      () => Response.json({ code: 'x', error: 'Incorrect API key provided' }, { status: 400 }),
    ],
    [
      'a redirect',
      () => new Response(null, { status: 302, headers: { location: 'http://127.0.0.1:1/' } }),
    ],
    ['garbage', () => new Response('<html>oops', { headers: { 'content-type': 'text/html' } })],
    [
      'JSON with an error at status 200',
      () => Response.json({ code: 'Service unavailable', error: 'Try later' }),
    ],
    ['an empty stream', () => bytes([])],
    [
      'an error as first event',
      () => sse(['{"error":{"message":"Slow","code":"rate_limit_exceeded"}}']),
    ],
    [
      'a role and then an error',
      () =>
        sse([
          JSON.stringify(chunk({ role: 'assistant', content: '' })),
          '{"type":"error","code":529,"message":"x"}',
        ]),
    ],
    ['a stall after the headers', () => bytes([': hi\n\n'], { hang: true })],
    ['a stall before the headers', () => new Promise<Response>(() => {})],
    [
      'a cut before anything useful',
      () => bytes([`data: ${JSON.stringify(chunk({ role: 'assistant' }))}\n\n`], { cut: true }),
    ],
    ['an answer torn in its first packet', () => sse(helloEvents().slice(0, 2))],
  ]
  test.each(faults)('after %s the next account answers the stream', async (_, fault) => {
    await using bad = fakeUpstream(({ path }) => (path === '/v1/models' ? undefined : fault()))
    await using good = fakeUpstream()
    const settings = { first_byte_timeout_ms: 300, idle_timeout_ms: 300 }
    using clock = ownClock()
    const env = { ...xaiAt(bad.url), ...openaiAt(good.url) }
    await using it = await gateway({ env, settings, now: clock.now })
    const reply = await it.post('/v1/chat/completions', STREAM)
    expect(reply.status).toBe(200)
    expect(textOf(readEvents(await reply.text()))).toBe('Hello there')
    expect(bad.asked()).toHaveLength(1)
    expect(await it.ledger()).toMatchObject([
      { attempts: 2, accountId: expect.stringMatching(/^env-openai-/), outcome: 'done' },
    ])
    // It rests now, and is not asked again.
    await it.post('/v1/chat/completions', ASK)
    expect(bad.asked()).toHaveLength(1)
  })

  test('a server that is gone', async () => {
    const gone = fakeUpstream()
    await using good = fakeUpstream()
    await using it = await gateway({ env: { ...xaiAt(gone.url), ...openaiAt(good.url) } })
    await gone.stop()
    expect((await it.post('/v1/chat/completions', ASK)).status).toBe(200)
  })

  test("the client's own mistake is not tried elsewhere, and blames nobody", async () => {
    const refusal = {
      error: {
        message: 'temperature?',
        type: 'invalid_request_error',
        param: 'temperature',
        code: 'bad',
      },
    }
    await using upstream = fakeUpstream(({ path }) =>
      path === '/v1/models' ? undefined : Response.json(refusal, { status: 422 }),
    )
    await using other = fakeUpstream()
    await using it = await gateway({ env: { ...xaiAt(upstream.url), ...openaiAt(other.url) } })
    for (let turn = 0; turn < 2; turn++) {
      const reply = await it.post('/v1/chat/completions', ASK)
      expect([reply.status, await reply.json()]).toEqual([422, refusal])
    }
    expect([upstream.asked().length, other.asked().length]).toEqual([2, 0])
  })
})

describe('when nobody can answer', () => {
  const always = (status: number, headers: Record<string, string> = {}) =>
    fakeUpstream(({ path }) =>
      path === '/v1/models' ? undefined : Response.json({ error: 'No.' }, { status, headers }),
    )
  test('a rate limit says when to come back, also to those who come later', async () => {
    await using upstream = always(429, { 'retry-after': '42' })
    const now = Date.now()
    await using it = await gateway({ env: xaiAt(upstream.url), now: () => now })
    for (let turn = 0; turn < 2; turn++) {
      const reply = await it.post('/v1/chat/completions', ASK)
      expect(reply.status).toBe(429)
      expect(reply.headers.get('retry-after')).toBe('42')
      expect(await reply.json()).toMatchObject({
        error: { code: 'rate_limit_exceeded', param: null },
      })
    }
    expect(upstream.asked()).toHaveLength(1)
  })
  test('Retry-After may be a date', async () => {
    const now = Date.now()
    const date = new Date(now + 30_000).toUTCString()
    await using upstream = always(429, { 'retry-after': date })
    await using it = await gateway({ env: xaiAt(upstream.url), now: () => now })
    const reply = await it.post('/v1/chat/completions', ASK)
    expect(Number(reply.headers.get('retry-after'))).toBeWithin(27, 32)
  })
  test('a refused account is ours to mend, and is no 401 for the client', async () => {
    await using upstream = always(401)
    await using it = await gateway({ env: xaiAt(upstream.url) })
    const reply = await it.post('/v1/chat/completions', ASK)
    expect(reply.status).toBe(502)
    expect(await reply.json()).toMatchObject({
      error: { type: 'server_error', code: 'upstream_error' },
    })
  })
  test('silence is 504', async () => {
    await using upstream = fakeUpstream(({ path }) =>
      path === '/v1/models' ? undefined : new Promise<Response>(() => {}),
    )
    await using it = await gateway({
      env: xaiAt(upstream.url),
      settings: { total_timeout_ms: 200 },
    })
    const reply = await it.post('/v1/chat/completions', ASK)
    expect([reply.status, (await reply.json()).error.code]).toEqual([504, 'upstream_timeout'])
  })
  test('a model that nobody serves is 404, and the answer names those that are', async () => {
    await using upstream = fakeUpstream()
    await using it = await gateway({ env: xaiAt(upstream.url) })
    const reply = await it.post('/v1/chat/completions', { ...ASK, model: 'gpt-9' })
    const { error } = await reply.json()
    expect([reply.status, error.code, error.param]).toEqual([404, 'model_not_found', 'model'])
    expect(error.message).toContain('grok-4-mini')
  })
})

describe('a stream that breaks', () => {
  test('ends in an error event and a cut connection: no finish reason, no [DONE], nothing sent twice', async () => {
    await using upstream = fakeUpstream(({ path }) =>
      path === '/v1/models' ? undefined : sse(helloEvents().slice(0, 3), { gapMs: 5, cut: true }),
    )
    await using other = fakeUpstream()
    await using it = await gateway({ env: { ...xaiAt(upstream.url), ...openaiAt(other.url) } })
    const reply = await it.post('/v1/chat/completions', STREAM)
    let text = ''
    let broke = false
    const decoder = new TextDecoder()
    try {
      for await (const piece of reply.body ?? []) text += decoder.decode(piece, { stream: true })
    } catch {
      broke = true
    }
    expect(broke).toBe(true)
    expect(textOf(readEvents(text))).toBe('Hello there')
    expect(readEvents(text).at(-1)).toMatchObject({
      error: { type: 'server_error', code: 'upstream_error' },
    })
    expect(text).not.toContain('[DONE]')
    expect(text).not.toContain('"finish_reason":"')
    expect(other.asked()).toHaveLength(0)
    expect(await it.ledger()).toMatchObject([
      { outcome: 'broken', usageSource: 'estimated', status: 200 },
    ])
  })

  test('by falling silent is given up after the idle time', async () => {
    await using upstream = fakeUpstream(({ path }) =>
      path === '/v1/models' ? undefined : sse(helloEvents().slice(0, 3), { gapMs: 5, hang: true }),
    )
    using clock = ownClock()
    const settings = { idle_timeout_ms: 150 }
    await using it = await gateway({ env: xaiAt(upstream.url), settings, now: clock.now })
    const reply = await it.post('/v1/chat/completions', STREAM)
    const decoder = new TextDecoder()
    let text = ''
    try {
      for await (const piece of reply.body ?? []) text += decoder.decode(piece)
    } catch {
      // A broken stream is cut: see above.
    }
    expect(readEvents(text).at(-1)).toMatchObject({ error: { code: 'upstream_timeout' } })
    await upstream.asked()[0]?.aborted
  })
})

test('silence within a stream is filled with comments', async () => {
  await using upstream = fakeUpstream(({ path }) =>
    path === '/v1/models' ? undefined : sse(helloEvents(), { gapMs: 120 }),
  )
  await using it = await gateway({ env: xaiAt(upstream.url), settings: { heartbeat_ms: 40 } })
  const text = await (await it.post('/v1/chat/completions', STREAM)).text()
  expect(text.split(': ping\n\n').length).toBeGreaterThan(3)
  expect(textOf(readEvents(text.replaceAll(': ping\n\n', '')))).toBe('Hello there')
})

describe('a client that leaves', () => {
  test.each([
    [
      'within a stream',
      STREAM,
      () => sse(helloEvents().slice(0, 3), { gapMs: 5, hang: true }),
      true,
    ],
    ['before the first byte of a stream', STREAM, () => new Promise<Response>(() => {}), false],
    ['while it waits for JSON', ASK, () => new Promise<Response>(() => {}), false],
  ] as const)(
    '%s closes the upstream at once, and what it used is estimated',
    async (_, ask, answer, begins) => {
      await using upstream = fakeUpstream(({ path }) =>
        path === '/v1/models' ? undefined : answer(),
      )
      await using it = await gateway({ env: xaiAt(upstream.url) })
      const abort = new AbortController()
      const reply = it.post('/v1/chat/completions', ask, { signal: abort.signal })
      reply.catch(() => {})
      if (begins) await (await reply).body?.getReader().read()
      else while (upstream.asked().length === 0) await Bun.sleep(2)
      using clock = ownClock()
      const leftAt = clock.now()
      abort.abort()
      await upstream.asked()[0]?.aborted
      expect(clock.now() - leftAt).toBeLessThan(50)
      let rows = await it.ledger()
      while (rows.length === 0) {
        await Bun.sleep(5)
        rows = await it.ledger()
      }
      expect(rows).toMatchObject([{ outcome: 'gone', usageSource: 'estimated' }])
      expect(rows[0]?.inputTokens).toBeGreaterThan(5)
      // An attempt that had not been answered is told of; one that was is the row itself.
      const given = [{ model: 'grok-4', fault: 'client_gone', effect: 'none' }]
      expect(rows[0]).toMatchObject({ attempts: 1, attemptLog: begins ? null : given })
    },
  )
})

test("an upstream's error that quotes the account's secret is redacted everywhere", async () => {
  const secret = xaiAt('').XAI_API_KEY
  await using upstream = fakeUpstream(({ path }) =>
    path === '/v1/models'
      ? undefined
      : Response.json(
          { error: { message: `Bad thing with ${secret} and Bearer abc.def` } },
          { status: 400 },
        ),
  )
  await using it = await gateway({ env: xaiAt(upstream.url) })
  const text = await (await it.post('/v1/chat/completions', ASK)).text()
  expect(text).toContain('Bad thing with [redacted] and [redacted]')
  await it.ledger()
  expect(it.lines.join('\n')).not.toContain(secret)
})

test('a secret in an error within a stream is redacted too', async () => {
  const secret = xaiAt('').XAI_API_KEY
  const error = JSON.stringify({ error: { message: `Failed for ${secret}` } })
  const events = [JSON.stringify(chunk({ content: 'a' })), error]
  await using upstream = fakeUpstream(({ path }) =>
    path === '/v1/models' ? undefined : sse(events, { gapMs: 30 }),
  )
  await using it = await gateway({ env: xaiAt(upstream.url) })
  const reply = await it.post('/v1/chat/completions', STREAM)
  let text = ''
  try {
    for await (const piece of reply.body ?? []) text += new TextDecoder().decode(piece)
  } catch {
    // A broken stream is cut: see above.
  }
  expect(text).toContain('Failed for [redacted]')
})

test('a body of tens of megabytes passes', async () => {
  await using upstream = fakeUpstream()
  await using it = await gateway({ env: xaiAt(upstream.url) })
  const url = `data:image/png;base64,${'A'.repeat(30 * 1024 * 1024)}`
  const messages = [
    {
      role: 'user',
      content: [
        { type: 'text', text: 'What?' },
        { type: 'image_url', image_url: { url } },
      ],
    },
  ]
  const reply = await it.post('/v1/chat/completions', { ...ASK, messages })
  expect(reply.status).toBe(200)
  expect(upstream.asked()[0]?.body.length).toBeGreaterThan(30 * 1024 * 1024)
})

test('more large bodies than the budget holds wait for their turn, and all are answered', async () => {
  await using upstream = fakeUpstream()
  const settings = { body_budget_bytes: 5 * 1024 * 1024 }
  await using it = await gateway({ env: xaiAt(upstream.url), settings })
  const messages = [{ role: 'user', content: 'x'.repeat(3 * 1024 * 1024) }]
  const replies = await Promise.all(
    Array.from({ length: 8 }, () => it.post('/v1/chat/completions', { ...ASK, messages })),
  )
  expect(replies.map(({ status }) => status)).toEqual(Array(8).fill(200))
})

test('a stream that is whole gives its connection up, even if the upstream does not', async () => {
  await using upstream = fakeUpstream(({ path }) =>
    path === '/v1/models' ? undefined : sse(helloEvents(), { hang: true }),
  )
  await using it = await gateway({ env: xaiAt(upstream.url) })
  const reply = await it.post('/v1/chat/completions', STREAM)
  expect(readEvents(await reply.text()).at(-1)).toBe('[DONE]')
  await upstream.asked()[0]?.aborted
})

test('an account whose secret does not open rests, and another answers', async () => {
  await using upstream = fakeUpstream()
  await using it = await gateway()
  const base = {
    kind: 'openai',
    baseUrl: upstream.url,
    secret: 'sk-x',
    models: ['grok-4'],
  } as const
  await it.stores.accounts.add({ ...base, name: 'broken', maxInFlight: 1 })
  await it.client.execute("UPDATE accounts SET secret = 'v1.AAAA'")
  await it.app.refresh()
  expect((await it.post('/v1/chat/completions', ASK)).status).toBe(503)
  expect(it.lines.join('\n')).toContain('encrypted with another secret')
  await it.stores.accounts.add({ ...base, name: 'sound', secret: 'sk-y' })
  await it.app.refresh()
  expect((await it.post('/v1/chat/completions', ASK)).status).toBe(200)
})

test('n = 2 gives two, or an error, but never one', async () => {
  await using upstream = fakeUpstream(({ path }) =>
    path === '/v1/models' ? undefined : Response.json(hello()),
  )
  await using it = await gateway({ env: xaiAt(upstream.url) })
  const reply = await it.post('/v1/chat/completions', { ...ASK, n: 2 })
  expect(reply.status).toBe(400)
  expect((await reply.json()).error.param).toBe('n')
})

describe('limits of a key', () => {
  const keyed = async (it: Awaited<ReturnType<typeof gateway>>, wanted: object) => {
    const { secret } = await it.stores.keys.create({ name: 'k', ...wanted })
    await it.app.refresh()
    const headers = { authorization: `Bearer ${secret}`, 'content-type': 'application/json' }
    return (body: object = ASK) => it.post('/v1/chat/completions', body, { headers })
  }
  test('models, requests a minute, requests at once, expiry, revocation', async () => {
    await using upstream = fakeUpstream(({ path }) =>
      path === '/v1/models' ? undefined : Bun.sleep(50).then(() => Response.json(hello())),
    )
    // Within one minute.
    const now = Date.now()
    await using it = await gateway({ env: xaiAt(upstream.url), now: () => now })
    const limited = await keyed(it, { models: ['grok-4-mini'] })
    expect((await limited()).status).toBe(403)
    expect((await limited({ ...ASK, model: 'grok-4-mini' })).status).toBe(200)
    const slow = await keyed(it, { requestsPerMinute: 2 })
    const replies = [await slow(), await slow(), await slow()]
    expect(replies.map(({ status }) => status)).toEqual([200, 200, 429])
    expect(Number(replies[2]?.headers.get('retry-after'))).toBeWithin(1, 61)
    const single = await keyed(it, { concurrency: 1 })
    expect((await Promise.all([single(), single()])).map(({ status }) => status).sort()).toEqual([
      200, 429,
    ])
    expect((await single()).status).toBe(200)
    const old = await keyed(it, { expiresAt: new Date(now - 1) })
    expect((await old()).status).toBe(401)
    const [key] = await it.stores.keys.list()
    await it.stores.keys.revoke(key?.id ?? '')
    await it.app.refresh()
    expect((await old()).status).toBe(401)
  })
})
