import { describe, expect, test } from 'bun:test'
import { draws } from '../../fakes/grok-web'
import { faults } from '../../fakes/xai-media'
import { keyed } from '../../support/gateway'
import { mediaPool } from '../../support/media-pool'
import { until } from '../../support/programs'
import { webGateway } from '../../support/web-gateway'

const PATH = '/v1/images/generations'
const ASK = { model: 'grok-imagine-image', prompt: 'A fern' }

describe('pictures that do not come', () => {
  test('are asked for again, and the answer is complete', async () => {
    await using it = await mediaPool({ xai: ['one'] })
    it.grok.draws({ count: 3 }, { count: 1 })
    const reply = await it.post(PATH, { ...ASK, n: 4 })
    expect((await reply.json()).data).toHaveLength(4)
    expect(it.grok.callsOf('images.generations').map(({ body }) => body.n)).toEqual([4, 1])
  })

  test('after more tries are a failure of its own, which no SDK tries again by itself', async () => {
    await using it = await mediaPool({ xai: ['one'] })
    it.grok.alwaysDraws({ count: 1 })
    const reply = await it.post(PATH, { ...ASK, n: 5 })
    expect(reply.status).toBe(502)
    expect(reply.headers.get('x-should-retry')).toBe('false')
    expect((await reply.json()).error).toEqual({
      message: '3 of 5 pictures were made, also after more tries.',
      type: 'server_error',
      param: null,
      code: 'images_incomplete',
    })
    const before = it.grok.calls.length
    await it.sdk.images.generate({ ...ASK, n: 5 }, { maxRetries: 2 }).catch(() => {})
    expect(it.grok.calls.length - before).toBe(3)
  })

  test('since an account fails are made by another', async () => {
    await using it = await mediaPool({ xai: ['one', 'two'] })
    it.grok.script('images.generations', faults.refused(503))
    const reply = await it.post(PATH, ASK)
    expect([reply.status, reply.headers.get('x-groxy-attempts')]).toEqual([200, '2'])
    const failed = reply.headers.get('x-groxy-account') === 'two' ? 'one' : 'two'
    expect(await it.held()).toEqual([`${failed} cooling`])
  })

  test('since nobody has an account for them say so', async () => {
    await using it = await mediaPool({ xai: ['one'] })
    for (const [model, status, code] of [
      ['grok-9-image', 404, 'model_not_found'],
      ['grok-4.7', 400, 'invalid_value'],
    ] as const) {
      const reply = await it.post(PATH, { ...ASK, model, n: 3 })
      const { error } = await reply.json()
      expect([reply.status, error.code, error.param]).toEqual([status, code, 'model'])
    }
    expect(await it.ledger()).toHaveLength(2)
  })

  test('at their upstream any more are lost, and it is no account’s fault', async () => {
    await using it = await mediaPool({ xai: ['one'] })
    it.grok.serves({ status: 404 })
    const reply = await it.post(PATH, { ...ASK, response_format: 'b64_json' })
    expect([reply.status, (await reply.json()).error.code]).toEqual([502, 'media_unavailable'])
    expect(await it.held()).toEqual([])
    // They were made and paid for: no SDK is to have others made by itself.
    const before = it.grok.callsOf('images.generations').length
    const asked = it.sdk.images.generate({ ...ASK, response_format: 'b64_json' }, { maxRetries: 2 })
    await asked.catch(() => {})
    expect(it.grok.callsOf('images.generations').length - before).toBe(1)
  })

  test.each([
    ['an SVG', new TextEncoder().encode('<svg xmlns="http://www.w3.org/2000/svg"/>')],
    ['a page', new TextEncoder().encode('<!doctype html><p>Sorry')],
    ['nothing', new Uint8Array()],
  ])('but %s in their place are never handed on', async (_, bytes) => {
    for (const [kind, model, response_format] of [
      ['xai', 'grok-imagine-image', 'b64_json'],
      ['openai', 'dall-e-2', 'b64_json'],
      ['openai', 'dall-e-2', 'url'],
    ] as const) {
      await using it = await mediaPool({ [kind]: ['one'] })
      it.grok.alwaysDraws({ bytes })
      it.open.alwaysDraws({ bytes })
      const reply = await it.post(PATH, { ...ASK, model, response_format })
      expect(reply.status).toBe(502)
      expect(await reply.text()).not.toContain('"data"')
    }
  })
})

describe('what an upstream forbids', () => {
  const FORBIDDEN = {
    type: 'invalid_request_error',
    code: 'content_policy_violation',
  }

  test('is a 400 that says so, over xAI', async () => {
    await using it = await mediaPool({ xai: ['one', 'two'] })
    const reply = await it.post(PATH, { ...ASK, prompt: 'forbidden', n: 2 })
    expect(reply.status).toBe(400)
    expect((await reply.json()).error).toMatchObject(FORBIDDEN)
    expect(it.grok.callsOf('images.generations')).toHaveLength(1)
    expect(await it.held()).toEqual([])
  })

  test('is a 400 that says so, over grok.com', async () => {
    await using it = await webGateway()
    it.grok.script(draws({ count: 2, moderated: [0, 1] }))
    const body = { prompt: 'A fern', model: 'grok-imagine-1.0', n: 2 }
    const reply = await it.post(PATH, body)
    expect(reply.status).toBe(400)
    expect((await reply.json()).error).toMatchObject(FORBIDDEN)
    expect(await it.held()).toEqual([])
  })

  test('is made up for where other pictures came', async () => {
    await using it = await mediaPool({ xai: ['one'] })
    it.grok.draws({ moderated: [0] })
    const reply = await it.post(PATH, { ...ASK, n: 3 })
    expect((await reply.json()).data).toHaveLength(3)
  })
})

describe('the limits of a key', () => {
  test('count pictures: what was made, and nothing else', async () => {
    await using it = await mediaPool({ xai: ['one'] })
    const key = await keyed(it, { dailyImage: 10 })
    const ask = (body: object) => key.post(PATH, { ...ASK, ...body })
    it.grok.draws({ count: 1 }, { count: 1 }, { count: 1 })
    expect((await ask({ n: 5 })).status).toBe(502)
    // Three were made, and seven are left.
    it.grok.script('images.generations', faults.says({ error: 'Not this.' }, 422))
    expect((await ask({ n: 7 })).status).toBe(422)
    expect((await ask({ prompt: 'forbidden', n: 7 })).status).toBe(400)
    expect((await ask({ n: 8 })).status).toBe(429)
    expect((await ask({ n: 7 })).status).toBe(200)
    const refused = await ask({ n: 1 })
    expect((await refused.json()).error.code).toBe('daily_quota_exceeded')
  })

  test('count one request, however many calls it takes', async () => {
    // Within one minute.
    const now = Date.now()
    await using it = await webGateway({ clock: () => now })
    const key = await keyed(it, { requestsPerMinute: 1 })
    const body = { prompt: 'A fern', model: 'grok-imagine-1.0', n: 5 }
    expect((await (await key.post(PATH, body)).json()).data).toHaveLength(5)
    expect((await key.post(PATH, body)).status).toBe(429)
  })

  test('count what was paid', async () => {
    await using it = await mediaPool({ xai: ['one'] })
    const key = await keyed(it, { dailyCostTicks: 500_000_000 })
    expect((await key.post(PATH, { ...ASK, n: 3 })).status).toBe(200)
    const refused = await key.post(PATH, ASK)
    expect((await refused.json()).error.code).toBe('insufficient_quota')
  })

  test('name models, also that of a request without one', async () => {
    await using it = await mediaPool({ xai: ['one'] })
    const key = await keyed(it, { models: ['grok-imagine-image-2.0'] })
    expect((await key.post(PATH, ASK)).status).toBe(403)
    const reply = await key.post(PATH, { prompt: 'A fern' })
    expect(reply.headers.get('x-groxy-model')).toBe('grok-imagine-image-2.0')
  })
})

test('a client that leaves ends all calls of its request', async () => {
  await using it = await mediaPool({ openai: ['one'], models: ['dall-e-3'] })
  it.open.always('images.generations', faults.hangs())
  const client = new AbortController()
  const asking = it.post(PATH, { ...ASK, model: 'dall-e-3', n: 5 }, { signal: client.signal })
  const left = asking.catch((cause: unknown) => cause)
  const calls = () => it.open.callsOf('images.generations')
  await until(async () => calls().length === 3 || undefined)
  client.abort()
  await left
  await Promise.all(calls().map(({ gone }) => gone))
  expect(calls()).toHaveLength(3)
  await until(async () => (await it.ledger()).length === 3 || undefined)
  expect(await it.ledger()).toMatchObject(Array(3).fill({ outcome: 'gone', status: 499 }))
  expect(await it.held()).toEqual([])
})

test('calls of one request run side by side, and no more than it allows', async () => {
  await using it = await mediaPool({ openai: ['one'], models: ['dall-e-3'] })
  let [running, most, expected] = [0, 0, 0]
  it.open.always('images.generations', async ({ right }) => {
    most = Math.max(most, ++running)
    await until(() => most >= expected || undefined)
    await Bun.sleep(30)
    running--
    return right()
  })
  for (const [concurrency, wanted] of [
    [undefined, 3],
    [1, 1],
    [2, 2],
  ] as const) {
    most = 0
    expected = wanted
    const reply = await it.post(PATH, { ...ASK, model: 'dall-e-3', n: 6, concurrency })
    expect((await reply.json()).data).toHaveLength(6)
    expect(most).toBe(wanted)
  }
})
