import { describe, expect, test } from 'bun:test'
import { Validator } from '@seriousme/openapi-schema-validator'
import { Compile } from 'typebox/compile'
import { Compile as compileSchema } from 'typebox/schema'
import { ChatRequest } from '#src/turn/chat/schema'
import { chunk, fakeUpstream, sse, USAGE } from '../fakes/upstream'
import { ASK, type Gateway, gateway, KEY, readEvents, xaiAt } from '../support/gateway'
import { chatSchemas, type Definitions, FIXTURE, OFFICIAL } from '../support/official'
import { officialEventFaults, officialFaults } from '../support/official-responses'
import { samplesOf } from '../support/samples'

const official: Definitions = await Bun.file(FIXTURE).json()

/** A check against one of OpenAI's own schemas. */
const officialSchema = (name: string) => compileSchema({ $defs: official, $ref: `#/$defs/${name}` })

interface Operation {
  readonly operationId?: string
  readonly summary?: string
  readonly tags?: readonly string[]
  readonly security?: readonly unknown[]
  readonly parameters?: readonly { readonly name: string; readonly in: string }[]
  readonly requestBody?: { readonly content: Answer['content'] }
  readonly responses: Readonly<Record<string, Answer>>
}

interface Answer {
  readonly description: string
  readonly content?: Readonly<Record<string, { readonly schema: { examples?: unknown[] } }>>
}

interface Document {
  readonly openapi: string
  readonly tags: readonly { readonly name: string }[]
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
}

async function documentOf(gate: Gateway): Promise<Document> {
  const response = await fetch(`${gate.url}/openapi.json`)
  expect(response.status).toBe(200)
  return (await response.json()) as Document
}

const operationsOf = ({ paths }: Document) =>
  Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      name: `${method.toUpperCase()} ${path}`,
      operation,
    })),
  )

/** What answers are that are not JSON. */
const TYPES: Readonly<Record<string, string | readonly string[]>> = {
  'GET /metrics 200': 'text/plain',
  'GET /admin/api/requests/export 200': ['text/csv', 'application/jsonl'],
  'GET /admin/api/batches/{id}/events 200': 'text/event-stream',
  'GET /admin/api/system/backup 200': 'application/vnd.sqlite3',
  'POST /admin/api/accounts/export 200': ['application/json', 'text/csv', 'text/plain'],
  'GET /v1/files/{id}/content 200': 'application/octet-stream',
  'GET /images/{name} 200': 'image/*',
  'GET /images/{name} 206': 'image/*',
  'GET /v1/videos/{id}/content 200': 'video/mp4',
  'GET /v1/videos/{id}/content 206': 'video/mp4',
  'GET /videos/{name} 200': 'video/*',
  'GET /videos/{name} 206': 'video/*',
}

const isAdmin = ({ name }: { readonly name: string }): boolean => name.includes(' /admin/api/')

/** Of what is no model it says why. */
const NEVER_MISSING = 'GET /admin/api/models/{name}'

describe('our document', () => {
  test('is open to everyone, OpenAPI 3.1, and valid', async () => {
    await using gate = await gateway()
    const document = await documentOf(gate)
    expect(document.openapi).toStartWith('3.1.')
    expect(await new Validator().validate({ ...document })).toEqual({ valid: true })
  })

  test('has every public operation', async () => {
    await using gate = await gateway()
    const operations = operationsOf(await documentOf(gate))
    const names = operations.filter((one) => !isAdmin(one)).map(({ name }) => name)
    expect(names.sort()).toEqual([
      'DELETE /v1/chat/completions/{id}',
      'DELETE /v1/conversations/{id}',
      'DELETE /v1/conversations/{id}/items/{item_id}',
      'DELETE /v1/files/{id}',
      'DELETE /v1/responses/{id}',
      'DELETE /v1/videos/{id}',
      'GET /health',
      'GET /images/{name}',
      'GET /metrics',
      'GET /ready',
      'GET /v1/chat/completions',
      'GET /v1/chat/completions/{id}',
      'GET /v1/chat/completions/{id}/messages',
      'GET /v1/conversations/{id}',
      'GET /v1/conversations/{id}/items',
      'GET /v1/conversations/{id}/items/{item_id}',
      'GET /v1/files',
      'GET /v1/files/{id}',
      'GET /v1/files/{id}/content',
      'GET /v1/images/method',
      'GET /v1/models',
      'GET /v1/models/{model}',
      'GET /v1/responses/{id}',
      'GET /v1/responses/{id}/input_items',
      'GET /v1/videos',
      'GET /v1/videos/{id}',
      'GET /v1/videos/{id}/content',
      'GET /videos/{name}',
      'POST /v1/chat/completions',
      'POST /v1/chat/completions/{id}',
      'POST /v1/conversations',
      'POST /v1/conversations/{id}',
      'POST /v1/conversations/{id}/items',
      'POST /v1/embeddings',
      'POST /v1/files',
      'POST /v1/images/edits',
      'POST /v1/images/generations',
      'POST /v1/responses',
      'POST /v1/responses/compact',
      'POST /v1/responses/input_tokens',
      'POST /v1/responses/{id}/cancel',
      'POST /v1/uploads/image',
      'POST /v1/videos',
      'POST /v1/videos/edits',
      'POST /v1/videos/extensions',
      'POST /v1/videos/generations',
    ])
  })

  test('has the admin API, each list of things and what is done to one under their name', async () => {
    await using gate = await gateway()
    const document = await documentOf(gate)
    const subjects = operationsOf(document)
      .filter(isAdmin)
      .map(({ name }) => name.split('/')[3])
    expect([...new Set(subjects)].sort()).toEqual([
      ...['accounts', 'aliases', 'audit', 'batches', 'files', 'keys', 'media', 'models'],
      ...['overview', 'password', 'prices', 'requests', 'sessions', 'settings', 'system'],
      ...['tokens', 'usage'],
    ])
    expect(Object.keys(document.paths).filter((path) => path.endsWith('/'))).toEqual([])
    for (const { name, operation } of operationsOf(document)) {
      const isOfAdmin = operation.tags?.every((tag) => tag.startsWith('Admin: '))
      expect([name, isOfAdmin]).toEqual([name, isAdmin({ name })])
      if (isAdmin({ name })) expect(operation.security, name).toEqual([{ admin: [] }])
    }
  })

  test('says of the admin API what each call takes, with an example that fits, and how it fails', async () => {
    await using gate = await gateway()
    for (const { name, operation } of operationsOf(await documentOf(gate)).filter(isAdmin)) {
      const { parameters = [], requestBody, responses } = operation
      const inPath = parameters.filter((one) => one.in === 'path').map((one) => `{${one.name}}`)
      expect(inPath, name).toEqual(name.match(/\{\w+\}/g) ?? [])
      if (inPath.length > 0 && name !== NEVER_MISSING) expect(responses, name).toHaveProperty('404')
      if (requestBody || parameters.length > inPath.length)
        expect(responses, name).toHaveProperty('400')
      if (!requestBody) continue
      const { schema = {} } = requestBody.content?.['application/json'] ?? {}
      const [example] = schema.examples ?? []
      expect({ name, errors: compileSchema(schema).Errors(example) }).toEqual({
        name,
        errors: [true, []],
      })
    }
  })

  test('describes each group that operations are in, and no other', async () => {
    await using gate = await gateway()
    const document = await documentOf(gate)
    const used = operationsOf(document).flatMap(({ operation: { tags = [] } }) => tags)
    expect(document.tags.map(({ name }) => name).sort()).toEqual([...new Set(used)].sort())
  })

  test('names, sums up and exemplifies every operation and its failures', async () => {
    await using gate = await gateway()
    const operations = operationsOf(await documentOf(gate))
    const ids = operations.map(({ operation }) => operation.operationId)
    expect(new Set(ids).size).toBe(operations.length)
    for (const { name, operation } of operations) {
      expect(operation.operationId, name).toMatch(/^[a-z][A-Za-z]+$/)
      expect(operation.summary, name).toMatch(/\w/)
      expect(JSON.stringify(operation), name).toMatch(/"examples?":/)
      expect(Object.keys(operation.responses).join(), name).toMatch(/\b20[0124]\b/)
      const isOpen = operation.security?.length === 0
      if (!isOpen) expect(operation.responses, name).toHaveProperty('401')
      for (const [status, answer] of Object.entries(operation.responses)) {
        expect(answer.description, `${name} ${status}`).toMatch(/\w/)
        const types = Object.keys(answer.content ?? {}).filter(
          (type) => type !== 'text/event-stream' || TYPES[`${name} ${status}`] === type,
        )
        expect(types, `${name} ${status}`).toEqual(
          [TYPES[`${name} ${status}`] ?? 'application/json'].flat(),
        )
      }
    }
  })

  test('shows failures as they are: the example of a status is one that has it', async () => {
    await using gate = await gateway()
    const isError = officialSchema('ErrorResponse')
    const seen = new Map<string, unknown>()
    for (const { name, operation } of operationsOf(await documentOf(gate)))
      for (const [status, { content }] of Object.entries(operation.responses)) {
        if (Number(status) < 400 || name === 'GET /ready') continue
        const [example] = content?.['application/json']?.schema.examples ?? []
        expect(isError.Check(example), `${name} ${status}`).toBe(true)
        if (!seen.has(status)) seen.set(status, (example as { error: { type: string } }).error.type)
      }
    expect(Object.fromEntries(seen)).toMatchObject({
      400: 'invalid_request_error',
      401: 'invalid_request_error',
      429: 'rate_limit_error',
      502: 'server_error',
    })
  })

  test.each([
    ['POST', '/v1/responses', 'Response'],
    ['POST', '/v1/responses/input_tokens', 'TokenCountsResource'],
    ['POST', '/v1/responses/compact', 'CompactResource'],
    ['GET', '/v1/responses/{id}/input_items', 'ResponseItemList'],
    ['POST', '/v1/conversations', 'ConversationResource'],
    ['DELETE', '/v1/conversations/{id}', 'DeletedConversationResource'],
  ])('shows what %s %s answers as OpenAI would', async (method, path, name) => {
    await using gate = await gateway()
    const { paths } = await documentOf(gate)
    const { content } = paths[path]?.[method.toLowerCase()]?.responses['200'] ?? {}
    const [example] = content?.['application/json']?.schema.examples ?? []
    expect(officialFaults(name, example)).toEqual([])
    const [event] = content?.['text/event-stream']?.schema.examples ?? []
    if (event) expect(officialEventFaults(event)).toEqual([])
  })

  test('tells how a chat is streamed', async () => {
    await using gate = await gateway()
    const { paths } = await documentOf(gate)
    const content = paths['/v1/chat/completions']?.post?.responses['200']?.content ?? {}
    expect(Object.keys(content)).toEqual(['application/json', 'text/event-stream'])
  })
})

test('the copy of the official schemas is up to date', async () => {
  const document = Bun.file(OFFICIAL)
  // Only a workshop has the original; elsewhere the copy is all there is.
  if (!(await document.exists())) return
  expect(chatSchemas(await document.json()), 'run: bun test/support/official.ts').toEqual(official)
})

describe('what the official schema accepts', () => {
  const isOfficial = officialSchema('CreateChatCompletionRequest')
  const wanted = { $ref: '#/$defs/CreateChatCompletionRequest' }
  const all = samplesOf(wanted, official)
  const samples = all.filter((sample) => isOfficial.Check(sample))

  test('the samples are many, and nearly all of them are right', () => {
    expect(samples.length).toBeGreaterThan(600)
    // OpenAI's document contradicts itself on whether `top_logprobs` may be null.
    const wrong = all.filter((sample) => !isOfficial.Check(sample))
    expect(wrong).toHaveLength(1)
    expect(wrong[0]).toHaveProperty('top_logprobs', null)
  })

  test('our schema accepts too', () => {
    const ours = Compile(ChatRequest)
    const refused = samples.flatMap((sample) =>
      ours.Check(sample) ? [] : [{ sample, errors: ours.Errors(sample) }],
    )
    expect(refused).toEqual([])
  })

  test('a gateway answers, but for what the API itself refuses', async () => {
    await using upstream = fakeUpstream()
    await using gate = await gateway({ env: xaiAt(upstream.url) })
    const refused: unknown[] = []
    for (const sample of samples) {
      const body = { ...(sample as { model: string; stream?: boolean }), model: 'grok-4' }
      const response = await gate.post('/v1/chat/completions', body)
      await response.body?.cancel()
      if (response.status !== 200 && !isRefusedByOpenAi(body)) refused.push(body)
    }
    expect(refused).toEqual([])
  }, 60_000)
})

interface Sample {
  readonly stream?: boolean | null
  readonly stream_options?: unknown
  readonly n?: number | null
  readonly response_format?: { readonly json_schema?: { readonly schema?: unknown } }
}

/** The API checks more than its schema says; the fake upstream never gives more than one choice. */
const isRefusedByOpenAi = (sample: Sample): boolean =>
  isUnclear(sample) || NAMELESS.test(JSON.stringify(sample))

/** Tools, and calls of them, that cannot be told from each other. */
const NAMELESS = /"(?:name|tool_call_id)":""/

const isUnclear = ({ stream, stream_options, n, response_format }: Sample): boolean =>
  (Boolean(stream_options) && !stream) ||
  (n ?? 1) > 1 ||
  (response_format?.json_schema !== undefined && !response_format.json_schema.schema)

const TOOL = {
  type: 'function',
  function: {
    name: 'look',
    parameters: { type: 'object', properties: { at: { type: 'string' } } },
  },
}
const CITY = {
  type: 'json_schema',
  json_schema: { name: 'city', schema: { type: 'object', properties: { name: {} } } },
}

const ASKS: readonly (readonly [name: string, extra: object])[] = [
  ['text', {}],
  ['two choices', { n: 2 }],
  ['thoughts', { model: 'demo-thinking' }],
  ['a tool call', { tools: [TOOL], tool_choice: 'required' }],
  ['a schema', { response_format: CITY }],
  ['JSON', { response_format: { type: 'json_object' } }],
  ['a cut answer', { max_completion_tokens: 2 }],
]

describe('what the official schema requires', () => {
  const answer = officialSchema('CreateChatCompletionResponse')
  const event = officialSchema('CreateChatCompletionStreamResponse')

  test('and our checks see what is missing', () => {
    for (const check of [answer, event]) {
      expect(check.Check({})).toBe(false)
      expect(check.Check({ ...chunk({}), choices: [{ index: 0 }] })).toBe(false)
    }
  })

  /** `usage` is optional in the official schema, but all of our answers have it. */
  async function expectAnswer(gate: Gateway, body: object) {
    const response = await gate.post('/v1/chat/completions', body)
    const given = (await response.json()) as object
    expect(answer.Errors(given)).toEqual([true, []])
    expect(given).toHaveProperty('usage.total_tokens')
  }

  async function expectEvents(gate: Gateway, body: object) {
    const asked = { ...body, stream: true, stream_options: { include_usage: true } }
    const response = await gate.post('/v1/chat/completions', asked)
    const events = readEvents(await response.text())
    expect(events.pop()).toBe('[DONE]')
    expect(events.length).toBeGreaterThan(2)
    for (const given of events)
      expect({ given, errors: event.Errors(given) }).toEqual({ given, errors: [true, []] })
    expect(events.at(-1)).toHaveProperty('usage.total_tokens')
  }

  test.each(ASKS)('the demo model gives: %s', async (_, extra) => {
    await using gate = await gateway()
    await expectAnswer(gate, { ...ASK, model: 'demo', ...extra })
  })

  test.each(ASKS)('the demo model gives in a stream: %s', async (_, extra) => {
    await using gate = await gateway()
    const short = { max_completion_tokens: 8 }
    await expectEvents(gate, { ...ASK, model: 'demo', ...short, ...extra })
  })

  test.each([
    ['a complete answer', {}],
    ['one with the bare text', { choices: [{ message: { content: 'Hi' } }] }],
    ['one with a bare call', { choices: [{ message: { tool_calls: [bareCall()] } }] }],
  ])('is given whatever an upstream leaves out: %s', async (_, said) => {
    await using upstream = fakeUpstream(({ path }) =>
      path === '/v1/chat/completions' && 'choices' in said ? Response.json(said) : undefined,
    )
    await using gate = await gateway({ env: xaiAt(upstream.url) })
    await expectAnswer(gate, ASK)
  })

  test.each([
    ['a complete stream', undefined],
    [
      'one with the bare text',
      [
        { choices: [{ delta: { content: 'Hi' } }] },
        { choices: [{ delta: {}, finish_reason: 'stop' }] },
      ],
    ],
    [
      'one with a bare call',
      [
        chunk({ role: 'assistant' }),
        chunk({ tool_calls: [{ function: { name: 'look', arguments: '{}' } }] }),
        chunk({}, 'stop', { usage: USAGE }),
      ],
    ],
  ])('is streamed whatever an upstream leaves out: %s', async (_, said) => {
    await using upstream = fakeUpstream(({ path }) =>
      path === '/v1/chat/completions' && said
        ? sse([...said.map((event) => JSON.stringify(event)), '[DONE]'])
        : undefined,
    )
    await using gate = await gateway({ env: xaiAt(upstream.url) })
    await expectEvents(gate, ASK)
  })

  test('is in the model list and in each model', async () => {
    await using gate = await gateway()
    const list = await (await gate.get('/v1/models')).json()
    expect(officialSchema('ListModelsResponse').Errors(list)).toEqual([true, []])
    const model = await (await gate.get('/v1/models/demo')).json()
    expect(officialSchema('Model').Errors(model)).toEqual([true, []])
  })

  test.each([
    [401, { headers: { 'content-type': 'application/json' } }, ASK],
    [400, {}, { ...ASK, messages: [] }],
    [404, {}, { ...ASK, model: 'none' }],
    [415, { headers: { authorization: `Bearer ${KEY}` } }, ASK],
  ])('is in the error of a %d', async (status, init, body) => {
    await using gate = await gateway()
    const response = await gate.post('/v1/chat/completions', body, init)
    expect(response.status).toBe(status)
    expect(officialSchema('ErrorResponse').Errors(await response.json())).toEqual([true, []])
  })
})

function bareCall() {
  return { function: { name: 'look', arguments: '{}' } }
}
