import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { fakeUpstream } from '../fakes/upstream'
import { ASK, type Gateway, gateway, KEY, xaiAt } from '../support/gateway'

const upstream = fakeUpstream()
let it: Gateway

beforeAll(async () => {
  it = await gateway({ env: xaiAt(upstream.url), settings: { max_body_bytes: 4 * 1024 * 1024 } })
})
afterAll(async () => {
  await it[Symbol.asyncDispose]()
  await upstream.stop()
})

async function expectFailure(
  reply: Response,
  status: number,
  code: string | null,
  param?: string | null,
) {
  expect(reply.status).toBe(status)
  expect(reply.headers.get('x-request-id')).toMatch(/^req_[0-9a-f]{32}$/)
  const { error } = await reply.json()
  expect(Object.keys(error).sort()).toEqual(['code', 'message', 'param', 'type'])
  expect(error.code).toBe(code)
  expect(error.message.length).toBeGreaterThan(5)
  if (param !== undefined) expect(error.param).toBe(param)
}

const headers = { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' }

describe('who calls', () => {
  const cases: readonly [string, Record<string, string>][] = [
    ['nobody', {}],
    ['an empty bearer', { authorization: 'Bearer ' }],
    ['another scheme', { authorization: 'Basic abc' }],
    ['a wrong key', { authorization: 'Bearer sk-groxy-wrong' }],
    ['half a key', { authorization: `Bearer ${KEY.slice(0, -1)}` }],
    ['what wants to be SQL', { authorization: "Bearer ' OR 1=1 --" }],
  ]
  test.each(cases)('%s is 401 on every path, before anything is read', async (_, auth) => {
    for (const [path, method] of [
      ['/v1/chat/completions', 'POST'],
      ['/v1/models', 'GET'],
      ['/v1/responses', 'POST'],
    ] as const) {
      const body = method === 'POST' ? { body: '{broken' } : {}
      const reply = await fetch(it.url + path, { method, headers: auth, ...body })
      await expectFailure(reply, 401, 'invalid_api_key', null)
    }
  })
})

describe('the body', () => {
  const ask = (fields: object) => JSON.stringify({ ...ASK, ...fields })
  const cases: readonly [string, string, string, string | null][] = [
    ['broken JSON', '{"model":', 'invalid_json', null],
    ['nothing', '', 'invalid_json', null],
    ['a list', '[]', 'invalid_json', null],
    [
      'duplicate keys',
      '{"model":"grok-4","model":"grok-4","messages":[]}',
      'duplicate_key',
      'model',
    ],
    [
      '10,000 levels',
      `{"model":"grok-4","messages":${'['.repeat(10_000)}${']'.repeat(10_000)}}`,
      'invalid_json',
      null,
    ],
    ['no model', '{"messages":[{"role":"user","content":"Hi"}]}', 'invalid_value', 'model'],
    ['a model that is a number', ask({ model: 5 }), 'invalid_value', 'model'],
    ['no messages', '{"model":"grok-4"}', 'invalid_value', 'messages'],
    ['empty messages', ask({ messages: [] }), 'invalid_value', 'messages'],
    [
      'an unknown role',
      ask({ messages: [{ role: 'robot', content: 'x' }] }),
      'invalid_value',
      'messages.0.role',
    ],
    [
      'content that is a number',
      ask({ messages: [{ role: 'user', content: 5 }] }),
      'invalid_value',
      'messages.0.content',
    ],
    ['stream that is text', ask({ stream: 'yes' }), 'invalid_value', 'stream'],
    ['a temperature of 5', ask({ temperature: 5 }), 'invalid_value', 'temperature'],
    ['n of 0', ask({ n: 0 }), 'invalid_value', 'n'],
    [
      'stream_options without stream',
      ask({ stream_options: {} }),
      'invalid_value',
      'stream_options',
    ],
    [
      'a JSON schema without schema',
      ask({ response_format: { type: 'json_schema', json_schema: { name: 'a' } } }),
      'invalid_value',
      'response_format.json_schema.schema',
    ],
  ]
  test.each(cases)('with %s is 400 and says where', async (_, body, code, param) => {
    await expectFailure(await it.post('/v1/chat/completions', body), 400, code, param)
  })

  test('nulls and unknown fields are fine', async () => {
    const nothing = Object.fromEntries(
      [
        'stop',
        'tools',
        'stream_options',
        'user',
        'n',
        'stream',
        'temperature',
        'response_format',
        'metadata',
      ].map((key) => [key, null]),
    )
    const reply = await it.post('/v1/chat/completions', {
      ...ASK,
      ...nothing,
      client_metadata: { a: [1] },
      top_k: 4,
      min_p: 0.1,
    })
    expect(reply.status).toBe(200)
  })

  test('of another type is 415', async () => {
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
    ]) {
      const reply = await it.post('/v1/chat/completions', ASK, {
        headers: { ...headers, 'content-type': type },
      })
      await expectFailure(reply, 415, 'unsupported_media_type')
    }
    const charset = { ...headers, 'content-type': 'application/json; charset=utf-8' }
    expect((await it.post('/v1/chat/completions', ASK, { headers: charset })).status).toBe(200)
  })

  test('of 100 MB is 413, whether its length was said or not', async () => {
    const large = 'x'.repeat(100 * 1024 * 1024)
    await expectFailure(await it.post('/v1/chat/completions', large), 413, 'body_too_large')
    const stream = new ReadableStream({
      pull(controller) {
        controller.enqueue(new Uint8Array(64 * 1024))
      },
    })
    const reply = await fetch(`${it.url}/v1/chat/completions`, {
      method: 'POST',
      headers,
      body: stream,
      duplex: 'half',
    } as RequestInit)
    await expectFailure(reply, 413, 'body_too_large')
  })
})

describe('paths, methods and headers', () => {
  test('unknown paths are 404 in the same shape', async () => {
    await expectFailure(await it.get('/nothing'), 404, 'unknown_path')
    await expectFailure(await it.get('/v2/models'), 404, 'unknown_path')
    for (const path of [
      '/v1/responses/%',
      '/v1/conversations/%ff/items',
      '/v1/chat/completions/%a',
    ])
      await expectFailure(await it.get(path), 404, 'unknown_path')
    await expectFailure(await it.get('/v1/responses/x%20?after=%'), 404, 'not_found')
  })
  test('wrong methods are 405', async () => {
    for (const path of ['/v1/conversations', '/v1/chat/completions'])
      await expectFailure(await it.get(path, { method: 'PUT' }), 405, 'method_not_allowed')
    await expectFailure(await it.post('/v1/models', ASK), 405, 'method_not_allowed')
  })
  test('unknown models are 404', async () => {
    await expectFailure(
      await it.post('/v1/chat/completions', { ...ASK, model: 'x'.repeat(5000) }),
      404,
      'model_not_found',
      'model',
    )
  })
  test('too many headers are 431', async () => {
    const flood = Object.fromEntries(
      Array.from({ length: 150 }, (_, at) => [`x-${at}`, 'y'.repeat(500)]),
    )
    const reply = await it.get('/health', { headers: flood })
    expect(reply.status).toBe(431)
  })
})

test('thousands of strange requests get a 4xx in shape, and the gateway stays up', async () => {
  const anything = fc.oneof(
    fc.json({ maxDepth: 6 }),
    fc.string({ unit: 'binary', maxLength: 200 }),
    fc
      .record(
        {
          model: fc.anything(),
          messages: fc.anything(),
          stream: fc.anything(),
          tools: fc.anything(),
          stop: fc.anything(),
        },
        { requiredKeys: [] },
      )
      .map((body) => {
        try {
          return JSON.stringify(body)
        } catch {
          return '{}'
        }
      }),
  )
  const path = fc.oneof(
    fc.constant('/v1/chat/completions'),
    fc.webPath().map((end) => `/v1/models${end}`),
    fc.webPath(),
  )
  await fc.assert(
    fc.asyncProperty(anything, path, async (body, where) => {
      const reply = await it.app.fetch(
        new Request(`http://localhost${where.startsWith('/') ? where : `/${where}`}`, {
          method: 'POST',
          headers,
          body,
        }),
      )
      const text = await reply.text()
      expect(reply.status).toBeLessThan(500)
      expect(reply.headers.get('x-request-id')).toStartWith('req_')
      if (reply.status >= 400) expect(JSON.parse(text).error.message).toBeString()
    }),
    { numRuns: 3000 },
  )
  expect((await it.get('/health')).status).toBe(200)
}, 60_000)
