import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { fakeUpstream, hello, helloEvents, sse } from '../fakes/upstream'
import { fakeXaiMedia } from '../fakes/xai-media'
import { ASK, gateway, keyed, openaiAt, xaiAt } from '../support/gateway'
import { scratch, until } from '../support/programs'
import { parseMetrics } from '../support/prometheus'

const NOON = Date.parse('2026-01-15T12:00:30Z')
const USAGE_OF_ONE = 11

const failureOf = async (reply: Response) => {
  const { error } = (await reply.json()) as {
    error: { code: string; type: string; message: string }
  }
  return { status: reply.status, code: error.code, type: error.type }
}

const RATE = { status: 429, code: 'rate_limit_exceeded', type: 'rate_limit_error' }
const DAILY = { status: 429, code: 'daily_quota_exceeded', type: 'insufficient_quota' }
const MONEY = { status: 429, code: 'insufficient_quota', type: 'insufficient_quota' }

/** What the limits headers of an answer say. */
const limitsOf = ({ headers }: Response) =>
  Object.fromEntries([...headers].filter(([name]) => name.startsWith('x-ratelimit-')))

describe('a key at its limit is refused', () => {
  const halfMinute = 30
  const halfDay = 12 * 3600 - 30
  const restOfMonth = 16 * 86_400 + halfDay
  test.each([
    ['requests a minute', { requestsPerMinute: 2 }, 2, RATE, halfMinute],
    ['tokens a minute', { tokensPerMinute: 2 * USAGE_OF_ONE + 10 }, 2, RATE, halfMinute],
    ['chat a day', { dailyChat: 2 }, 2, DAILY, halfDay],
    ['money a day', { dailyCostTicks: 70 }, 2, MONEY, halfDay],
    ['money a month', { monthlyCostTicks: 70, dailyChat: 9 }, 2, MONEY, restOfMonth],
    ['no requests', { requestsPerMinute: 0 }, 0, RATE, halfMinute],
    ['no tokens', { tokensPerMinute: 0 }, 0, RATE, halfMinute],
    ['no chat', { dailyChat: 0 }, 0, DAILY, halfDay],
    ['no money', { dailyCostTicks: 0 }, 0, MONEY, halfDay],
    ['never at once', { concurrency: 0 }, 0, RATE, 1],
  ])('%s', async (_, limits, most, failure, retryAfter) => {
    const usage = { ...hello().usage, cost_in_usd_ticks: 40 }
    await using upstream = fakeUpstream(({ path }) =>
      path === '/v1/models' ? undefined : Response.json(hello({ usage })),
    )
    await using it = await gateway({ env: xaiAt(upstream.url), now: () => NOON })
    const key = await keyed(it, limits)
    for (let turn = 0; turn < most; turn++) expect((await key.ask()).status).toBe(200)
    const reply = await key.ask()
    expect(Number(reply.headers.get('retry-after'))).toBe(retryAfter)
    expect(await failureOf(reply)).toEqual(failure)
    expect(upstream.asked()).toHaveLength(most)
  })

  test('with more at once than it may, until one is over', async () => {
    const gates: (() => void)[] = []
    await using upstream = fakeUpstream(({ path }) =>
      path === '/v1/models'
        ? undefined
        : new Promise<void>((resolve) => gates.push(resolve)).then(() => sse(helloEvents())),
    )
    await using it = await gateway({ env: xaiAt(upstream.url) })
    const key = await keyed(it, { concurrency: 2 })
    const running = [key.ask({ ...ASK, stream: true }), key.ask({ ...ASK, stream: true })]
    await until(() => gates.length === 2 || undefined)
    expect(await failureOf(await key.ask())).toEqual(RATE)
    for (const open of gates.splice(0)) open()
    for (const reply of running) await (await reply).text()
    const next = key.ask({ ...ASK, stream: true })
    await until(() => gates.length === 1 || undefined)
    gates[0]?.()
    expect((await next).status).toBe(200)
  })

  test('heavy models count as heavy and as chat, under their aliases too', async () => {
    const models = ['grok-4-heavy', 'grok-4']
    await using upstream = fakeUpstream(({ path }) =>
      path === '/v1/models'
        ? Response.json({ object: 'list', data: models.map((id) => ({ id })) })
        : undefined,
    )
    await using it = await gateway({ env: openaiAt(upstream.url), now: () => NOON })
    await it.stores.aliases.set('best', 'grok-4-heavy')
    const key = await keyed(it, { dailyChat: 3, dailyHeavy: 1 })
    expect((await key.ask({ ...ASK, model: 'best' })).status).toBe(200)
    const reply = await key.ask({ ...ASK, model: 'grok-4-heavy' })
    expect(await failureOf(reply)).toEqual(DAILY)
    const replies = [await key.ask(), await key.ask(), await key.ask()]
    expect(replies.map(({ status }) => status)).toEqual([200, 200, 429])
  })

  test('a route is heavy when any of its models is', async () => {
    const models = ['grok-4', 'grok-4-heavy', 'grok-4-mini']
    await using upstream = fakeUpstream(({ path }) =>
      path === '/v1/models'
        ? Response.json({ object: 'list', data: models.map((id) => ({ id })) })
        : undefined,
    )
    await using it = await gateway({ env: openaiAt(upstream.url), now: () => NOON })
    const [light, heavy, mini] = models.map((model) => ({ model, weight: 1 }))
    if (!light || !heavy || !mini) throw new Error('three models')
    await it.stores.aliases.set('ordered', { mode: 'order', targets: [light, heavy] })
    await it.stores.aliases.set('split', { mode: 'split', targets: [light, heavy] })
    await it.stores.aliases.set('light', { mode: 'split', targets: [light, mini] })
    const key = await keyed(it, { dailyHeavy: 1 })
    expect((await key.ask({ ...ASK, model: 'ordered' })).status).toBe(200)
    expect(await failureOf(await key.ask({ ...ASK, model: 'split' }))).toEqual(DAILY)
    expect(await failureOf(await key.ask({ ...ASK, model: 'ordered' }))).toEqual(DAILY)
    expect((await key.ask({ ...ASK, model: 'light' })).status).toBe(200)
  })

  test('what is forwarded counts as a picture or a video where its path says so', async () => {
    await using upstream = fakeUpstream(({ path }) =>
      path === '/v1/models' ? undefined : Response.json({}),
    )
    await using it = await gateway({ env: xaiAt(upstream.url), now: () => NOON })
    const key = await keyed(it, { dailyImage: 2, dailyVideo: 0, dailyChat: 0 })
    const upscale = (what: string) => key.post(`/v1/${what}/upscales/1`, { model: 'm', n: 2 })
    expect((await upscale('images')).status).toBe(200)
    expect(await failureOf(await upscale('images'))).toEqual(DAILY)
    expect(await failureOf(await upscale('videos'))).toEqual(DAILY)
    expect((await key.get('/v1/videos/upscales/1')).status).toBe(200)
  })

  test('pictures are counted one by one, videos by the call, and looking at either by none', async () => {
    await using xai = fakeXaiMedia()
    await using it = await gateway({ env: xaiAt(xai.url), now: () => NOON })
    const key = await keyed(it, { dailyImage: 5, dailyVideo: 1, dailyChat: 0 })
    const image = { model: 'grok-imagine-image', prompt: 'p' }
    const images = (n: number) => key.post('/v1/images/generations', { ...image, n })
    expect((await images(4)).status).toBe(200)
    expect(await failureOf(await images(2))).toEqual(DAILY)
    const reply = await images(1)
    expect([reply.status, limitsOf(reply)]).toEqual([200, {}])
    const film = { model: 'grok-imagine-video', prompt: 'p' }
    const video = () => key.post('/v1/videos/generations', film)
    const { request_id: id } = await (await video()).json()
    expect(await failureOf(await video())).toEqual(DAILY)
    expect((await key.get(`/v1/videos/${id}`)).ok).toBe(true)
    expect(await failureOf(await key.post('/v1/completions', { model: 'm' }))).toEqual(DAILY)
  })

  test('chats with models that draw count as two pictures, with those that film as a video', async () => {
    const models = ['grok-imagine-1.0', 'grok-imagine-1.0-video', 'grok-4']
    let fails = false
    await using upstream = fakeUpstream(({ path }) => {
      if (path === '/v1/models')
        return Response.json({ object: 'list', data: models.map((id) => ({ id })) })
      return fails ? Response.json({ error: { message: 'bad' } }, { status: 400 }) : undefined
    })
    await using it = await gateway({ env: openaiAt(upstream.url), now: () => NOON })
    await it.stores.aliases.set('painter', 'grok-imagine-1.0')
    const key = await keyed(it, { dailyImage: 5, dailyVideo: 1, dailyChat: 0 })
    const ask = async (model: string) => (await key.ask({ ...ASK, model })).status
    const respond = (model: string) => key.post('/v1/responses', { model, input: 'A cat.' })
    fails = true
    expect([await ask('grok-imagine-1.0'), await ask('grok-imagine-1.0-video')]).toEqual([400, 400])
    fails = false
    expect([await ask('painter'), (await respond('grok-imagine-1.0')).status]).toEqual([200, 200])
    expect(await failureOf(await respond('painter'))).toEqual(DAILY)
    expect(await ask('grok-imagine-1.0-video')).toBe(200)
    const film = await key.ask({ ...ASK, model: 'grok-imagine-1.0-video' })
    expect(await failureOf(film)).toEqual(DAILY)
    expect(await ask('grok-4')).toBe(429)
  })

  test('when it is switched off, and let in when it is switched on again', async () => {
    await using upstream = fakeUpstream()
    await using it = await gateway({ env: xaiAt(upstream.url) })
    const key = await keyed(it, {})
    expect(await it.stores.keys.change(key.id, { enabled: false })).toBe(true)
    await it.app.refresh()
    const reply = await key.ask()
    expect(reply.status).toBe(401)
    expect((await reply.json()).error).toMatchObject({
      code: 'invalid_api_key',
      message: expect.stringContaining('switched off'),
    })
    await it.stores.keys.change(key.id, { enabled: true })
    await it.app.refresh()
    expect((await key.ask()).status).toBe(200)
    expect(await it.stores.keys.change('nobody', { enabled: true })).toBe(false)
  })

  test('for models outside its list, which may hold patterns and rules what is listed', async () => {
    await using upstream = fakeUpstream()
    await using it = await gateway({ env: xaiAt(upstream.url) })
    const key = await keyed(it, { models: ['*-mini'] })
    expect(await failureOf(await key.ask())).toMatchObject({
      status: 403,
      code: 'model_not_allowed',
    })
    expect((await key.ask({ ...ASK, model: 'grok-4-mini' })).status).toBe(200)
    const { data } = await (await key.get('/v1/models')).json()
    expect(data.map(({ id }: { id: string }) => id)).toEqual(['grok-4-mini'])
    expect((await key.get('/v1/models/grok-4')).status).toBe(404)
  })
})

describe('a refused turn', () => {
  test('is in the ledger, once, with who and why, and in the metrics', async () => {
    await using upstream = fakeUpstream(({ path }) =>
      path === '/v1/models' ? undefined : Response.json(hello()),
    )
    await using it = await gateway({ env: xaiAt(upstream.url), now: () => NOON })
    const poor = await keyed(it, { dailyChat: 1 })
    const quick = await keyed(it, { requestsPerMinute: 0 })
    const held = await keyed(it, { models: ['grok-4'] })
    const long = 'm'.repeat(5_000)
    const replies = [
      await poor.ask(),
      await poor.ask({ ...ASK, stream: true }),
      await quick.post('/v1/completions?x=1', { model: 'made-up-1' }),
      await held.ask({ ...ASK, model: long }),
      await held.post('/v1/tts', { model: 'made-up-2' }),
      await it.post('/v1/stt', 'x', {
        headers: { ...held.headers, 'content-type': 'text/plain' },
      }),
    ]
    expect(replies.map(({ status }) => status)).toEqual([200, 429, 429, 403, 403, 403])
    const rows = await it.ledger()
    const refused = { outcome: 'failed', attempts: 0, accountId: null, usageSource: 'none' }
    const forbidden = { ...refused, keyId: held.id, status: 403, errorCode: 'model_not_allowed' }
    const chat = 'chat.completions'
    expect(rows.reverse() as object[]).toMatchObject([
      { outcome: 'done', attempts: 1 },
      {
        ...refused,
        keyId: poor.id,
        endpoint: chat,
        stream: true,
        status: 429,
        errorCode: 'daily_quota_exceeded',
      },
      {
        ...refused,
        keyId: quick.id,
        endpoint: 'POST /completions',
        model: 'made-up-1',
        status: 429,
        errorCode: 'rate_limit_exceeded',
      },
      { ...forbidden, endpoint: chat, model: 'm'.repeat(200) },
      { ...forbidden, endpoint: 'POST /tts', model: 'made-up-2' },
      { ...forbidden, endpoint: 'POST /stt', model: '' },
    ])
    expect(rows.map(({ requestId }) => requestId)).toEqual(
      replies.map(({ headers }) => headers.get('x-request-id') ?? ''),
    )
    const sums = await it.stores.ledger.hours()
    const failures = sums.map(({ model, turns, failures }) => [model, turns, failures])
    expect(failures.sort()).toEqual([
      ['(other)', 1, 1],
      ['(other)', 1, 1],
      ['(other)', 3, 3],
      ['grok-4', 1, 0],
    ])
    const metrics = parseMetrics(await (await fetch(`${it.url}/metrics`)).text())
    const turns = (labels: Record<string, string>) => metrics.value('groxy_turns_total', labels)
    expect(turns({ kind: 'none', operation: 'chat', outcome: 'failed', model: 'grok-4' })).toBe(1)
  })

  test('leaves one row each when many come before the database has answered', async () => {
    await using upstream = fakeUpstream()
    await using it = await gateway({ env: xaiAt(upstream.url), now: () => NOON })
    const key = await keyed(it, { dailyChat: 3 })
    const replies = await Promise.all(Array.from({ length: 20 }, () => key.ask()))
    const count = (wanted: number) => replies.filter(({ status }) => status === wanted).length
    expect([count(200), count(429)]).toEqual([3, 17])
    const rows = await it.ledger()
    expect(new Set(rows.map(({ requestId }) => requestId)).size).toBe(20)
    expect(rows.filter(({ outcome }) => outcome === 'failed')).toHaveLength(17)
  })
})

describe('what a turn did not use is given back', () => {
  test('all of it when the turn failed, so that ten failures leave the quota whole', async () => {
    let fails = true
    await using upstream = fakeUpstream(({ path }) =>
      path === '/v1/models' || !fails
        ? undefined
        : Response.json(
            { error: { message: 'bad', type: 'invalid_request_error' } },
            { status: 400 },
          ),
    )
    await using it = await gateway({ env: xaiAt(upstream.url), now: () => NOON })
    const key = await keyed(it, {
      requestsPerMinute: 2,
      tokensPerMinute: 100,
      dailyChat: 2,
      concurrency: 1,
      dailyCostTicks: 5,
    })
    for (let turn = 0; turn < 10; turn++) expect((await key.ask()).status).toBe(400)
    fails = false
    expect((await key.ask()).status).toBe(200)
    expect((await key.ask()).status).toBe(200)
    expect((await key.ask()).status).toBe(429)
  })

  test('tokens that were set aside for the answer and not needed', async () => {
    await using upstream = fakeUpstream()
    await using it = await gateway({ env: xaiAt(upstream.url), now: () => NOON })
    const key = await keyed(it, { tokensPerMinute: 1000 })
    for (let turn = 0; turn < 3; turn++) {
      const reply = await key.ask({ ...ASK, max_tokens: 900 })
      expect(reply.status).toBe(200)
      await reply.text()
    }
    const reply = await key.ask({ ...ASK, max_completion_tokens: 1000 })
    expect(await failureOf(reply)).toEqual(RATE)
    const last = await key.ask()
    expect(last.headers.get('x-ratelimit-remaining-tokens')).toBe(String(1000 - 4 * USAGE_OF_ONE))
  })

  test('a picture within a prompt is not taken for text', async () => {
    await using upstream = fakeUpstream()
    await using it = await gateway({ env: xaiAt(upstream.url), now: () => NOON })
    const key = await keyed(it, { tokensPerMinute: 1000 })
    const url = `data:image/png;base64,${'A'.repeat(100_000)}`
    const content = [{ type: 'image_url', image_url: { url } }]
    const seen = await key.ask({ ...ASK, messages: [{ role: 'user', content }] })
    expect(seen.status).toBe(200)
    const text = { role: 'user', content: 'word '.repeat(2_000) }
    expect((await key.ask({ ...ASK, messages: [text] })).status).toBe(429)
  })

  test('nothing of it when the client left in the middle', async () => {
    await using upstream = fakeUpstream(({ path }) =>
      path === '/v1/models' ? undefined : sse(helloEvents().slice(0, 2), { hang: true }),
    )
    await using it = await gateway({ env: xaiAt(upstream.url), now: () => NOON })
    const key = await keyed(it, { dailyChat: 1, concurrency: 1 })
    const abort = new AbortController()
    const reply = await key.ask(
      { ...ASK, stream: true },
      { signal: abort.signal, headers: key.headers },
    )
    await reply.body?.getReader().read()
    abort.abort()
    await until(async () => (await it.ledger()).length === 1 || undefined)
    expect(await failureOf(await key.ask())).toEqual(DAILY)
  })
})

describe('the x-ratelimit headers', () => {
  const requests = (remaining: number) => ({
    'x-ratelimit-limit-requests': '3',
    'x-ratelimit-remaining-requests': String(remaining),
    'x-ratelimit-reset-requests': '30s',
  })
  test('are on every answer of a key with such limits, and say what is left', async () => {
    await using upstream = fakeUpstream()
    await using it = await gateway({ env: xaiAt(upstream.url), now: () => NOON })
    const key = await keyed(it, { requestsPerMinute: 3 })
    expect(limitsOf(await key.get('/v1/models'))).toEqual(requests(3))
    const whole = await key.ask()
    expect(limitsOf(whole)).toEqual(requests(2))
    const stream = await key.ask({ ...ASK, stream: true })
    expect([limitsOf(stream), await stream.text()]).toEqual([
      requests(1),
      expect.stringContaining('[DONE]'),
    ])
    expect(limitsOf(await key.ask({ model: 'grok-4' }))).toEqual(requests(1))
    await key.ask()
    const refused = await key.ask()
    expect([refused.status, limitsOf(refused)]).toEqual([429, requests(0)])
  })

  test('speak of tokens where tokens are limited, and of nothing where nothing is', async () => {
    await using upstream = fakeUpstream()
    await using it = await gateway({ env: xaiAt(upstream.url), now: () => NOON })
    const key = await keyed(it, { tokensPerMinute: 500, dailyChat: 5 })
    await (await key.ask()).text()
    expect(limitsOf(await key.get('/v1/models'))).toEqual({
      'x-ratelimit-limit-tokens': '500',
      'x-ratelimit-remaining-tokens': String(500 - USAGE_OF_ONE),
      'x-ratelimit-reset-tokens': '30s',
    })
    expect(limitsOf(await (await keyed(it, { dailyChat: 5 })).ask())).toEqual({})
    expect(limitsOf(await it.post('/v1/chat/completions', ASK))).toEqual({})
  })
})

describe('counters', () => {
  test('survive a restart', async () => {
    await using folder = await scratch('limits')
    await using upstream = fakeUpstream()
    const options = {
      env: xaiAt(upstream.url),
      path: join(folder.path, 'groxy.db'),
      now: () => NOON,
    }
    let headers: Record<string, string>
    {
      await using it = await gateway(options)
      const key = await keyed(it, { dailyChat: 10, requestsPerMinute: 100 })
      headers = key.headers
      for (let turn = 0; turn < 7; turn++) expect((await key.ask()).status).toBe(200)
    }
    await using it = await gateway(options)
    const replies = []
    for (let turn = 0; turn < 4; turn++)
      replies.push(await it.post('/v1/chat/completions', ASK, { headers }))
    expect(replies.map(({ status }) => status)).toEqual([200, 200, 200, 429])
    expect(replies[2]?.headers.get('x-ratelimit-remaining-requests')).toBe('90')
  })

  test('are shared by two gateways over one file', async () => {
    await using folder = await scratch('limits')
    await using upstream = fakeUpstream()
    const path = join(folder.path, 'groxy.db')
    const options = { env: xaiAt(upstream.url), path, now: () => NOON }
    await using one = await gateway(options)
    await using other = await gateway(options)
    const key = await keyed(one, { requestsPerMinute: 100 })
    await other.app.refresh()
    const { headers } = key
    const replies = await Promise.all(
      Array.from({ length: 200 }, (_, at) =>
        (at % 2 ? one : other).post('/v1/chat/completions', ASK, { headers }),
      ),
    )
    const good = replies.filter(({ status }) => status === 200)
    expect(good.length).toBeWithin(90, 101)
    expect(upstream.asked()).toHaveLength(good.length)
  })

  test('that cannot be asked fail no turn, and hold for the instance alone', async () => {
    await using upstream = fakeUpstream()
    await using it = await gateway({ env: xaiAt(upstream.url), now: () => NOON })
    const key = await keyed(it, { requestsPerMinute: 3, dailyChat: 9 })
    await it.client.execute('ALTER TABLE allowances RENAME TO hidden')
    const statuses = []
    for (let turn = 0; turn < 5; turn++) statuses.push((await key.ask()).status)
    expect(statuses).toEqual([200, 200, 200, 429, 429])
    expect(it.lines.filter((line) => line.includes('limits_alone'))).toHaveLength(1)
    await it.client.execute('ALTER TABLE hidden RENAME TO allowances')
    await it.app.refresh()
    const { rows } = await it.client.execute("SELECT used FROM allowances WHERE bucket = 'chat'")
    expect(rows.map(({ used }) => used)).toEqual([3])
  })
})
