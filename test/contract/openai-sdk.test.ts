import { describe, expect, test } from 'bun:test'
import OpenAI, {
  AuthenticationError,
  BadRequestError,
  InternalServerError,
  NotFoundError,
  PermissionDeniedError,
  RateLimitError,
} from 'openai'
import { makeParseableResponseFormat } from 'openai/lib/parser'
import type {
  ChatCompletionChunk,
  ChatCompletionFunctionTool,
  ChatCompletionMessageParam,
} from 'openai/resources/chat/completions'
import {
  bytes,
  chunk,
  type FakeUpstream,
  fakeUpstream,
  MODELS,
  sse,
  USAGE,
} from '../fakes/upstream'
import { type Gateway, gateway, KEY, openaiAt, xaiAt } from '../support/gateway'
import { ownClock } from '../support/own-clock'
import { until } from '../support/programs'

const HELLO: ChatCompletionMessageParam[] = [{ role: 'user', content: 'Hi' }]

const clientOf = ({ url }: Gateway, apiKey = KEY, maxRetries = 0) =>
  new OpenAI({ baseURL: `${url}/v1`, apiKey, maxRetries })

/** A gateway with one account at a fake upstream, and the SDK in front of it. */
async function overFake(script?: Parameters<typeof fakeUpstream>[0], maxRetries = 0) {
  const upstream = fakeUpstream(script)
  const gate = await gateway({ env: xaiAt(upstream.url) })
  await listed(gate, ...MODELS)
  return {
    upstream,
    gate,
    client: clientOf(gate, KEY, maxRetries),
    async [Symbol.asyncDispose]() {
      await gate[Symbol.asyncDispose]()
      await upstream.stop()
    },
  }
}

/** Until every model list has come, any model may be there. */
const listed = (gate: Gateway, ...ids: readonly string[]) =>
  until(async () => {
    const { data } = (await (await gate.get('/v1/models')).json()) as { data: { id: string }[] }
    return ids.every((id) => data.some((model) => model.id === id)) || undefined
  })

/** A gateway that has only the demo model. */
async function overDemo() {
  const gate = await gateway()
  return {
    client: clientOf(gate),
    [Symbol.asyncDispose]: () => gate[Symbol.asyncDispose](),
  }
}

async function collect(stream: AsyncIterable<ChatCompletionChunk>): Promise<ChatCompletionChunk[]> {
  const chunks: ChatCompletionChunk[] = []
  for await (const one of stream) chunks.push(one)
  return chunks
}

const said = (chunks: readonly ChatCompletionChunk[], index = 0): string =>
  chunks
    .flatMap(({ choices }) => choices.filter((choice) => choice.index === index))
    .map(({ delta }) => delta.content ?? '')
    .join('')

/** What a promise was rejected with, which must be of this class. */
async function failureOf<T extends Error>(
  work: PromiseLike<unknown>,
  kind: new (...parts: never[]) => T,
): Promise<T> {
  const cause: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(cause).toBeInstanceOf(kind)
  if (!(cause instanceof kind)) throw new Error('It did not fail.')
  return cause
}

const WEATHER: ChatCompletionFunctionTool = {
  type: 'function',
  function: {
    name: 'get_weather',
    description: 'The weather of a city',
    parameters: {
      type: 'object',
      properties: { city: { type: 'string' }, days: { type: 'integer', minimum: 1, maximum: 7 } },
      required: ['city', 'days'],
      additionalProperties: false,
    },
  },
}

const CITY_SCHEMA = {
  type: 'object',
  properties: { city: { type: 'string' }, population: { type: 'integer', minimum: 1000 } },
  required: ['city', 'population'],
  additionalProperties: false,
}

const CITY_FORMAT = {
  type: 'json_schema',
  json_schema: { name: 'city', strict: true, schema: CITY_SCHEMA },
} as const

describe('answers', () => {
  test('an upstream answer arrives whole, under the name that was asked for', async () => {
    await using world = await overFake()
    const answer = await world.client.chat.completions.create({ model: 'grok-4', messages: HELLO })
    expect(answer.choices[0]?.message).toMatchObject({ role: 'assistant', content: 'Hello there' })
    expect(answer.model).toBe('grok-4')
    expect(answer.usage).toMatchObject(USAGE)
    expect(answer._request_id).toMatch(/^req_/)
    expect(world.upstream.asked()).toHaveLength(1)
  })

  test('the demo model answers, and counts its tokens', async () => {
    await using world = await overDemo()
    const answer = await world.client.chat.completions.create({
      model: 'demo',
      messages: [{ role: 'user', content: 'How do lighthouses work?' }],
    })
    expect(answer.choices[0]?.message.content).toContain('lighthouses')
    expect(answer.choices[0]?.finish_reason).toBe('stop')
    const { prompt_tokens = 0, completion_tokens = 0, total_tokens } = answer.usage ?? {}
    expect(prompt_tokens).toBeGreaterThan(0)
    expect(completion_tokens).toBeGreaterThan(0)
    expect(total_tokens).toBe(prompt_tokens + completion_tokens)
  })

  test('the limits of a request hold for the demo model', async () => {
    await using world = await overDemo()
    const answer = await world.client.chat.completions.create({
      model: 'demo',
      messages: HELLO,
      max_completion_tokens: 3,
    })
    expect(answer.choices[0]?.finish_reason).toBe('length')
    expect(answer.usage?.completion_tokens).toBe(3)
  })

  test('the demo model gives as many answers as were asked for, each with its index', async () => {
    await using world = await overDemo()
    const ask = { model: 'demo', messages: HELLO, n: 2 }
    const { choices } = await world.client.chat.completions.create(ask)
    expect(choices.map(({ index }) => index)).toEqual([0, 1])
    const chunks = await collect(
      await world.client.chat.completions.create({ ...ask, stream: true }),
    )
    for (const { index, message } of choices)
      expect(said(chunks, index)).toBe(message.content ?? '')
  })

  test('two answers of an upstream keep apart in a stream', async () => {
    const piece = (index: number, delta: object, finish: string | null = null) =>
      JSON.stringify({ ...chunk({}), choices: [{ index, delta, finish_reason: finish }] })
    await using world = await overFake(({ path }) =>
      path === '/v1/chat/completions'
        ? sse([
            piece(0, { role: 'assistant', content: 'one' }),
            piece(1, { role: 'assistant', content: 'two' }),
            piece(1, {}, 'stop'),
            piece(0, {}, 'stop'),
            '[DONE]',
          ])
        : undefined,
    )
    const final = await world.client.chat.completions
      .stream({ model: 'grok-4', messages: HELLO, n: 2 })
      .finalChatCompletion()
    expect(final.choices.map(({ message }) => message.content)).toEqual(['one', 'two'])
  })
})

describe('streams', () => {
  test('an upstream stream arrives in pieces that make the answer', async () => {
    await using world = await overFake()
    const stream = await world.client.chat.completions.create({
      model: 'grok-4',
      messages: HELLO,
      stream: true,
    })
    const chunks = await collect(stream)
    expect(said(chunks)).toBe('Hello there')
    expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe('stop')
    expect(new Set(chunks.map(({ id, model }) => `${id} ${model}`)).size).toBe(1)
    for (const one of chunks) expect(one).not.toHaveProperty('usage')
  })

  test.each([
    ['an upstream', 'grok-4', overFake],
    ['the demo model', 'demo', overDemo],
  ] as const)('usage comes last, once, when it is asked for: %s', async (_, model, over) => {
    await using world = await over()
    const chunks = await collect(
      await world.client.chat.completions.create({
        model,
        messages: HELLO,
        stream: true,
        stream_options: { include_usage: true },
      }),
    )
    const last = chunks.at(-1)
    expect(last?.choices).toEqual([])
    expect(last?.usage?.total_tokens).toBeGreaterThan(0)
    for (const one of chunks.slice(0, -1)) expect(one.usage).toBeNull()
  })

  test.each([
    ['an upstream', 'grok-4', overFake],
    ['the demo model', 'demo', overDemo],
    ['the demo model that thinks', 'demo-thinking', overDemo],
  ] as const)("the SDK's stream helper makes the whole answer of %s", async (_, model, over) => {
    await using world = await over()
    const texts: string[] = []
    const runner = world.client.chat.completions
      .stream({ model, messages: HELLO, stream_options: { include_usage: true } })
      .on('content', (delta) => texts.push(delta))
    const final = await runner.finalChatCompletion()
    expect(final.choices[0]?.message.content).toBe(texts.join(''))
    expect(final.choices[0]?.finish_reason).toBe('stop')
    expect((await runner.totalUsage()).total_tokens).toBeGreaterThan(0)
  })

  test('what the model thinks arrives as reasoning_content before the answer', async () => {
    await using world = await overDemo()
    const chunks = await collect(
      await world.client.chat.completions.create({
        model: 'demo-thinking',
        messages: [{ role: 'user', content: 'Why do lighthouses blink?' }],
        stream: true,
      }),
    )
    const kinds = chunks.flatMap(({ choices }) =>
      choices.map(({ delta }) => (delta.content ? 'content' : Object.keys(delta).join())),
    )
    const thoughts = kinds.filter((kind) => kind.includes('reasoning_content'))
    expect(thoughts.length).toBeGreaterThan(1)
    expect(kinds.indexOf('content')).toBe(thoughts.length)
  })

  test('a stream that breaks off is an error in the SDK, after the text that came', async () => {
    await using world = await overFake(({ path }) =>
      path === '/v1/chat/completions'
        ? sse([JSON.stringify(chunk({ role: 'assistant', content: 'Hel' }))], { cut: true })
        : undefined,
    )
    const stream = await world.client.chat.completions.create({
      model: 'grok-4',
      messages: HELLO,
      stream: true,
    })
    let text = ''
    const reading = (async () => {
      for await (const one of stream) text += one.choices[0]?.delta.content ?? ''
    })()
    expect((await failureOf(reading, OpenAI.APIError)).code).toBe('upstream_error')
    expect(text).toBe('Hel')
  })

  test('leaving a stream ends it at the upstream within 50 ms', async () => {
    await using world = await overFake(({ path }) =>
      path === '/v1/chat/completions'
        ? bytes([`data: ${JSON.stringify(chunk({ role: 'assistant', content: 'Hel' }))}\n\n`], {
            hang: true,
          })
        : undefined,
    )
    const stream = await world.client.chat.completions.create({
      model: 'grok-4',
      messages: HELLO,
      stream: true,
    })
    for await (const one of stream) {
      expect(one.choices[0]?.delta.content).toBe('Hel')
      break
    }
    using clock = ownClock()
    stream.controller.abort()
    const left = clock.now()
    await asked(world.upstream).aborted
    expect(clock.now() - left).toBeLessThan(50)
    expect(await world.gate.ledger()).toMatchObject([{ outcome: 'gone' }])
  })

  test('leaving before the answer has begun ends the call at the upstream too', async () => {
    const { promise: reached, resolve: reach } = Promise.withResolvers<void>()
    await using world = await overFake(({ path }) => {
      if (path !== '/v1/chat/completions') return
      reach()
      return new Promise<Response>(() => {})
    })
    const leaving = new AbortController()
    const call = world.client.chat.completions.create(
      { model: 'grok-4', messages: HELLO },
      { signal: leaving.signal },
    )
    const failed = failureOf(call, OpenAI.APIUserAbortError)
    await reached
    using clock = ownClock()
    leaving.abort()
    const left = clock.now()
    await asked(world.upstream).aborted
    expect(clock.now() - left).toBeLessThan(50)
    await failed
  })
})

function asked(upstream: FakeUpstream, at = 0) {
  const seen = upstream.asked()[at]
  if (!seen) throw new Error(`The upstream was asked only ${upstream.asked().length} times.`)
  return seen
}

describe('tools', () => {
  test('a forced tool is called with arguments that fit, and its result leads to text', async () => {
    await using world = await overDemo()
    const question: ChatCompletionMessageParam = {
      role: 'user',
      content: 'Tell me about Bergen for 3 days',
    }
    const { choices } = await world.client.chat.completions.create({
      model: 'demo',
      messages: [question],
      tools: [WEATHER],
      tool_choice: { type: 'function', function: { name: 'get_weather' } },
    })
    const message = choices[0]?.message
    const call = message?.tool_calls?.[0]
    expect(choices[0]?.finish_reason).toBe('tool_calls')
    if (!message || call?.type !== 'function') throw new Error('No function was called.')
    expect(call.function.name).toBe('get_weather')
    const given = JSON.parse(call.function.arguments)
    expect(given).toEqual({ city: 'Bergen', days: 3 })

    const next = await world.client.chat.completions.create({
      model: 'demo',
      messages: [question, message, { role: 'tool', tool_call_id: call.id, content: 'Rain, 9 °C' }],
      tools: [WEATHER],
    })
    expect(next.choices[0]?.finish_reason).toBe('stop')
    expect(next.choices[0]?.message.content).toContain('Rain, 9 °C')
  })

  test.each([false, true])(
    "the SDK's own tool loop ends with text (stream: %p)",
    async (stream) => {
      await using world = await overDemo()
      const called: unknown[] = []
      const { function: described } = WEATHER
      const ask = {
        model: 'demo',
        messages: [{ role: 'user' as const, content: 'How is the weather in Bergen?' }],
        tools: [
          {
            type: 'function' as const,
            function: {
              name: described.name,
              description: described.description ?? '',
              parameters: described.parameters ?? {},
              parse: JSON.parse,
              function(given: unknown) {
                called.push(given)
                return 'Rain, 9 °C'
              },
            },
          },
        ],
      }
      const { completions } = world.client.chat
      const runner = stream
        ? completions.runTools({ ...ask, stream: true })
        : completions.runTools({ ...ask, stream: false })
      expect(await runner.finalContent()).toContain('Rain, 9 °C')
      expect(called).toHaveLength(1)
      expect(called[0]).toMatchObject({ city: expect.any(String), days: 1 })
    },
  )

  test('parallel calls of an upstream, in fragments, come together in the SDK', async () => {
    const part = (index: number, fragment: object) =>
      JSON.stringify(chunk({ tool_calls: [{ index, ...fragment }] }))
    const begun = (index: number, id: string, name: string) =>
      part(index, { id, type: 'function', function: { name, arguments: '' } })
    await using world = await overFake(({ path }) =>
      path === '/v1/chat/completions'
        ? sse([
            JSON.stringify(chunk({ role: 'assistant', content: null })),
            begun(0, 'call_a', 'get_weather'),
            begun(1, 'call_b', 'get_time'),
            part(0, { function: { arguments: '{"city":' } }),
            part(1, { function: { arguments: '{"zone":"CET"}' } }),
            part(0, { function: { arguments: '"Bergen"}' } }),
            JSON.stringify(chunk({}, 'tool_calls')),
            '[DONE]',
          ])
        : undefined,
    )
    const final = await world.client.chat.completions
      .stream({ model: 'grok-4', messages: HELLO, tools: [WEATHER] })
      .finalChatCompletion()
    expect(final.choices[0]?.finish_reason).toBe('tool_calls')
    expect(final.choices[0]?.message.tool_calls).toMatchObject([
      { id: 'call_a', function: { name: 'get_weather', arguments: '{"city":"Bergen"}' } },
      { id: 'call_b', function: { name: 'get_time', arguments: '{"zone":"CET"}' } },
    ])
  })
})

describe('structured output', () => {
  test('the demo model fills the schema of a request', async () => {
    await using world = await overDemo()
    const { choices } = await world.client.chat.completions.create({
      model: 'demo',
      messages: [{ role: 'user', content: 'Bergen has 290000 inhabitants' }],
      response_format: CITY_FORMAT,
    })
    expect(JSON.parse(choices[0]?.message.content ?? '')).toEqual({
      city: 'Bergen',
      population: 290000,
    })
  })

  const format = makeParseableResponseFormat(
    CITY_FORMAT,
    (content): { city: string; population: number } => JSON.parse(content),
  )

  test("the SDK's parse helper gives the value", async () => {
    await using world = await overDemo()
    const { choices } = await world.client.chat.completions.parse({
      model: 'demo',
      messages: [{ role: 'user', content: 'Bergen has 290000 inhabitants' }],
      response_format: format,
    })
    expect(choices[0]?.message.parsed).toEqual({ city: 'Bergen', population: 290000 })
  })

  test("the SDK's stream helper gives the value too", async () => {
    await using world = await overDemo()
    const { choices } = await world.client.chat.completions
      .stream({
        model: 'demo',
        messages: [{ role: 'user', content: 'Bergen has 290000 inhabitants' }],
        response_format: format,
      })
      .finalChatCompletion()
    expect(choices[0]?.message.parsed).toEqual({ city: 'Bergen', population: 290000 })
  })

  test('the schema reaches an upstream as it was written', async () => {
    await using world = await overFake()
    await world.client.chat.completions.create({
      model: 'grok-4',
      messages: HELLO,
      response_format: CITY_FORMAT,
    })
    expect(JSON.parse(asked(world.upstream).body).response_format).toEqual(CITY_FORMAT)
  })
})

describe('models', () => {
  test('the list has what the upstream lists', async () => {
    await using world = await overFake()
    const ids: string[] = []
    for await (const { id, object } of world.client.models.list()) {
      ids.push(id)
      expect(object).toBe('model')
    }
    expect(ids.sort()).toEqual(MODELS)
  })

  test('one model is described, and slashes in an id are no obstacle', async () => {
    await using upstream = fakeUpstream(({ path }) =>
      path === '/v1/models'
        ? Response.json({ object: 'list', data: [{ id: 'meta/llama-4' }] })
        : undefined,
    )
    await using gate = await gateway({ env: openaiAt(upstream.url) })
    await listed(gate, 'meta/llama-4')
    expect(await clientOf(gate).models.retrieve('meta/llama-4')).toMatchObject({
      id: 'meta/llama-4',
      object: 'model',
      created: expect.any(Number),
      owned_by: expect.any(String),
    })
  })

  test('an unknown model is not found', async () => {
    await using world = await overFake()
    const { completions } = world.client.chat
    for (const ask of [
      () => world.client.models.retrieve('grok-9'),
      () => completions.create({ model: 'grok-9', messages: HELLO }),
    ])
      expect(await failureOf(ask(), NotFoundError)).toMatchObject({
        status: 404,
        code: 'model_not_found',
        param: 'model',
        type: 'invalid_request_error',
      })
  })
})

describe('errors', () => {
  test('a wrong key is an authentication error with a request id', async () => {
    await using world = await overFake()
    const { completions } = clientOf(world.gate, 'sk-wrong').chat
    const error = await failureOf(
      completions.create({ model: 'grok-4', messages: HELLO }),
      AuthenticationError,
    )
    expect(error).toMatchObject({ status: 401, code: 'invalid_api_key' })
    expect(error.requestID).toMatch(/^req_/)
    expect(world.upstream.asked()).toEqual([])
  })

  test('a key may be kept to some models', async () => {
    await using world = await overFake()
    const { secret } = await world.gate.stores.keys.create({ name: 'few', models: ['grok-4-mini'] })
    await world.gate.app.refresh()
    const { completions } = clientOf(world.gate, secret).chat
    const call = completions.create({ model: 'grok-4', messages: HELLO })
    expect(await failureOf(call, PermissionDeniedError)).toMatchObject({
      code: 'model_not_allowed',
    })
  })

  test('a request that is not right says which field is at fault', async () => {
    await using world = await overFake()
    const call = world.client.chat.completions.create({
      model: 'grok-4',
      messages: HELLO,
      temperature: 3,
    })
    expect(await failureOf(call, BadRequestError)).toMatchObject({
      status: 400,
      param: 'temperature',
      code: 'invalid_value',
    })
    expect(world.upstream.asked()).toEqual([])
  })

  test("an upstream's refusal keeps its words, and is not tried again", async () => {
    const error = {
      message: 'Too long.',
      type: 'invalid_request_error',
      param: 'messages',
      code: 'context_length_exceeded',
    }
    await using world = await overFake(
      ({ path }) =>
        path === '/v1/chat/completions' ? Response.json({ error }, { status: 400 }) : undefined,
      2,
    )
    const call = world.client.chat.completions.create({ model: 'grok-4', messages: HELLO })
    const failure = await failureOf(call, BadRequestError)
    const { param, code, type } = error
    expect(failure).toMatchObject({ param, code, type })
    expect(failure.message).toContain('Too long.')
    expect(world.upstream.asked()).toHaveLength(1)
  })

  test('a used-up quota is a rate limit error that says when to come back', async () => {
    await using world = await overFake(({ path }) =>
      path === '/v1/chat/completions'
        ? Response.json(
            { error: { message: 'Slow down' } },
            { status: 429, headers: { 'retry-after': '7' } },
          )
        : undefined,
    )
    const call = world.client.chat.completions.create({ model: 'grok-4', messages: HELLO })
    const error = await failureOf(call, RateLimitError)
    expect(error).toMatchObject({ status: 429, code: 'rate_limit_exceeded' })
    expect(error.headers?.get('retry-after')).toBe('7')
  })

  test.each([
    ['a failing upstream', () => new Response('oops', { status: 500 })],
    ['an upstream that talks nonsense', () => new Response('<html>busy</html>')],
  ])('%s is a server error', async (_, answer) => {
    await using world = await overFake(({ path }) =>
      path === '/v1/chat/completions' ? answer() : undefined,
    )
    const call = world.client.chat.completions.create({ model: 'grok-4', messages: HELLO })
    const error = await failureOf(call, InternalServerError)
    expect(error).toMatchObject({ status: 502, code: 'upstream_error', type: 'server_error' })
    expect(error.requestID).toMatch(/^req_/)
    expect(JSON.stringify(error)).not.toContain('xai-account-secret-1')
  })

  test("the demo model's own failures look like any other", async () => {
    await using world = await overDemo()
    const { completions } = world.client.chat
    const before = completions.create({ model: 'demo-fail', messages: HELLO })
    expect(await failureOf(before, BadRequestError)).toMatchObject({ code: 'demo_failure' })
    const within = completions.stream({ model: 'demo-cut', messages: HELLO }).finalChatCompletion()
    expect(await failureOf(within, OpenAI.APIError)).toMatchObject({ code: 'upstream_error' })
  })
})

describe('retries', () => {
  test('a second account answers what the first could not, without the SDK knowing', async () => {
    await using failing = fakeUpstream(({ path }) =>
      path === '/v1/chat/completions' ? new Response('oops', { status: 500 }) : undefined,
    )
    await using world = await gatewayOverTwo(failing)
    const { completions } = clientOf(world.gate).chat
    const { data, response } = await completions
      .create({ model: 'grok-4', messages: HELLO })
      .withResponse()
    expect(data.choices[0]?.message.content).toBe('Hello there')
    expect(response.status).toBe(200)
    expect(failing.asked()).toHaveLength(1)
    expect(await world.gate.ledger()).toMatchObject([{ attempts: 2, outcome: 'done' }])
  })

  test('the SDK waits as long as Retry-After says and then is served', async () => {
    let calls = 0
    await using world = await overFake(({ path }) => {
      if (path !== '/v1/chat/completions' || calls++ > 0) return
      return Response.json(
        { error: { message: 'Slow down' } },
        { status: 429, headers: { 'retry-after': '1' } },
      )
    }, 2)
    const begun = performance.now()
    const answer = await world.client.chat.completions.create({ model: 'grok-4', messages: HELLO })
    expect(answer.choices[0]?.message.content).toBe('Hello there')
    expect(performance.now() - begun).toBeGreaterThan(950)
    expect(world.upstream.asked()).toHaveLength(2)
  })
})

/** The failing upstream is preferred, the one that works is second. */
async function gatewayOverTwo(failing: FakeUpstream) {
  const working = fakeUpstream(({ path }) =>
    path === '/v1/models'
      ? Response.json({ data: [{ id: 'grok-4' }, { id: 'second' }] })
      : undefined,
  )
  const gate = await gateway({ env: { ...xaiAt(failing.url), ...openaiAt(working.url) } })
  await listed(gate, ...MODELS, 'second')
  return {
    gate,
    async [Symbol.asyncDispose]() {
      await gate[Symbol.asyncDispose]()
      await working.stop()
    },
  }
}
