import { describe, expect, test } from 'bun:test'
import OpenAI, { BadRequestError, NotFoundError } from 'openai'
import { makeParseableTextFormat } from 'openai/lib/parser'
import type {
  FunctionTool,
  ResponseCreateParamsNonStreaming,
  ResponseInputItem,
} from 'openai/resources/responses/responses'
import { call, text } from '../fakes/responses-outputs'
import { CLIENT_USAGE, say } from '../fakes/responses-said'
import { inputOf, responsesAsked } from '../fakes/responses-upstream'
import { chunk, type Seen, sse, USAGE } from '../fakes/upstream'
import { ownClock } from '../support/own-clock'
import {
  comparable,
  expectOfficial,
  expectOfficialStream,
  failureOf,
  overChat,
  overDemo,
  overXai,
} from '../support/responses-world'
import {
  CALL_ID,
  chatAsked,
  chatLoop,
  responsesLoop,
  TOLD,
  type ToolAct,
} from '../support/tool-loop'

const ASK = { model: 'grok-4', input: 'Who keeps the lighthouse?' }

const SOURCES = [
  ['the demo model', 'demo', overDemo],
  ['the demo model that thinks', 'demo-thinking', overDemo],
  ['a chat-only upstream', 'grok-4', overChat],
  ['xAI', 'grok-4', overXai],
] as const

const WEATHER: FunctionTool = {
  type: 'function',
  name: 'get_weather',
  description: 'The weather of a city',
  parameters: {
    type: 'object',
    properties: { city: { type: 'string' }, days: { type: 'integer', minimum: 1, maximum: 7 } },
    required: ['city', 'days'],
    additionalProperties: false,
  },
  strict: true,
}

/** Functions of a chat that does one thing, whatever it is asked. */
const chatSays = (content: string) => (seen: Seen) =>
  seen.path === '/v1/chat/completions' && chatAsked(seen).stream
    ? sse([
        JSON.stringify(chunk({ role: 'assistant', content })),
        JSON.stringify(chunk({}, 'stop')),
        JSON.stringify({ ...chunk({}), choices: [], usage: USAGE }),
        '[DONE]',
      ])
    : undefined

describe.each(SOURCES)('%s', (_, model, over) => {
  test('answers whole', async () => {
    await using world = await over()
    const answer = await world.client.responses.create({ ...ASK, model })
    expectOfficial(answer)
    expect(answer).toMatchObject({ object: 'response', status: 'completed', model, error: null })
    expect(answer.id).toMatch(/^resp_/)
    expect(answer._request_id).toMatch(/^req_/)
    expect(answer.output_text.length).toBeGreaterThan(0)
    const { input_tokens = 0, output_tokens = 0, total_tokens } = answer.usage ?? {}
    expect(input_tokens).toBeGreaterThan(0)
    expect(output_tokens).toBeGreaterThan(0)
    expect(total_tokens).toBe(input_tokens + output_tokens)
  })

  test("streams what the SDK's own accumulator takes, and the same is kept", async () => {
    await using world = await over()
    const texts: string[] = []
    const stream = world.client.responses
      .stream({ ...ASK, model })
      .on('response.output_text.delta', ({ delta }) => texts.push(delta))
    const final = await stream.finalResponse()
    expectOfficial(final)
    expect(final.status).toBe('completed')
    expect(final.output_text).toBe(texts.join(''))
    expect(texts.length).toBeGreaterThan(1)
    const events = expectOfficialStream(await world.stream())
    expect(events.slice(0, 2)).toMatchObject([
      { type: 'response.created', response: { status: 'in_progress', output: [], usage: null } },
      { type: 'response.in_progress' },
    ])
    expect(events.at(-1)?.type).toBe('response.completed')

    const kept = await world.client.responses.retrieve(final.id)
    expectOfficial(kept)
    expect(kept.id).toBe(final.id)
    expect(comparable(kept)).toEqual(comparable(final))
  })

  test('streams again what was streamed, from any event on', async () => {
    await using world = await over()
    const { responses } = world.client
    const { id } = await responses.stream({ ...ASK, model }).finalResponse()
    const events = expectOfficialStream(await world.stream())
    const again: unknown[] = []
    for await (const event of await responses.retrieve(id, { stream: true })) again.push(event)
    expect(again).toEqual([...events])
    const rest: unknown[] = []
    const after = { stream: true, starting_after: 3 } as const
    for await (const event of await responses.retrieve(id, after)) rest.push(event)
    expect(rest).toEqual(events.slice(4))
    // What was not streamed can be, too.
    const plain = await responses.create({ ...ASK, model })
    const final = await responses.stream({ response_id: plain.id }).finalResponse()
    expectOfficialStream(await world.stream())
    expect(comparable(final)).toEqual(comparable(plain))
  })

  test('says back what it was asked with', async () => {
    await using world = await over()
    const asked: ResponseCreateParamsNonStreaming = {
      ...{ ...ASK, model, instructions: 'Be brief.', temperature: 0.5, top_p: 0.9 },
      ...{ max_output_tokens: 500, parallel_tool_calls: false, metadata: { room: '7' } },
      ...{ tools: [WEATHER], tool_choice: 'none', text: { format: { type: 'text' } } },
      ...{ safety_identifier: 'somebody', prompt_cache_key: 'lighthouses', store: false },
      ...{ truncation: 'auto' },
    }
    const answer = await world.client.responses.create(asked)
    expectOfficial(answer)
    const { input: _input, ...said } = asked
    expect(answer).toMatchObject(said)
    await failureOf(world.client.responses.retrieve(answer.id), NotFoundError)
  })
})

test('what a demo model thinks is a summary before its answer', async () => {
  await using world = await overDemo()
  const { output } = await world.client.responses
    .stream({ ...ASK, model: 'demo-thinking' })
    .finalResponse()
  expect(output.map(({ type }) => type)).toEqual(['reasoning', 'message'])
  const [thought] = output
  if (thought?.type !== 'reasoning') throw new Error('It did not think.')
  expect(thought.summary.map(({ text }) => text).join('').length).toBeGreaterThan(0)
})

test.each([
  ['a chat-only upstream', overChat, USAGE.prompt_tokens, USAGE.completion_tokens],
  ['xAI', overXai, CLIENT_USAGE.input_tokens, CLIENT_USAGE.output_tokens],
] as const)('usage is what %s says', async (_, over, input_tokens, output_tokens) => {
  await using world = await over()
  const { usage } = await world.client.responses.create(ASK)
  expect(usage).toMatchObject({
    input_tokens,
    output_tokens,
    total_tokens: input_tokens + output_tokens,
    input_tokens_details: { cache_write_tokens: 0 },
  })
  expect(await world.gate.ledger()).toMatchObject([
    { outcome: 'done', inputTokens: input_tokens, outputTokens: output_tokens },
  ])
})

test('the limits of a request make an answer incomplete', async () => {
  await using world = await overDemo()
  const ask = { model: 'demo', input: 'How do lighthouses work?', max_output_tokens: 16 }
  const final = await world.client.responses.stream(ask).finalResponse()
  expectOfficial(final)
  expect(final).toMatchObject({
    status: 'incomplete',
    incomplete_details: { reason: 'max_output_tokens' },
  })
  expect(final.output.at(-1)).toMatchObject({ status: 'incomplete' })
  const events = expectOfficialStream(await world.stream())
  expect(events.at(-1)?.type).toBe('response.incomplete')
})

describe('structured output', () => {
  const CITY = {
    type: 'object',
    properties: { city: { type: 'string' }, population: { type: 'integer', minimum: 1000 } },
    required: ['city', 'population'],
    additionalProperties: false,
  }
  const format = makeParseableTextFormat(
    { type: 'json_schema', name: 'city', strict: true, schema: CITY },
    (content): { city: string; population: number } => JSON.parse(content),
  )
  const BERGEN = { city: 'Bergen', population: 290000 }
  const ask = { input: 'Bergen has 290000 inhabitants', text: { format } }

  test.each([false, true])('the demo model fills the schema (stream: %p)', async (stream) => {
    await using world = await overDemo()
    const { responses } = world.client
    const { output_parsed } = stream
      ? await responses.stream({ model: 'demo', ...ask }).finalResponse()
      : await responses.parse({ model: 'demo', ...ask })
    expect(output_parsed).toEqual(BERGEN)
  })

  test('the schema reaches a chat-only upstream as chat wants it', async () => {
    await using world = await overChat(chatSays(JSON.stringify(BERGEN)))
    const { output_parsed } = await world.client.responses
      .stream({ model: 'grok-4', ...ask })
      .finalResponse()
    expect(output_parsed).toEqual(BERGEN)
    const [asked] = world.upstream.asked().map(chatAsked)
    expect(asked?.response_format).toEqual({
      type: 'json_schema',
      json_schema: { name: 'city', strict: true, schema: CITY },
    })
  })

  test('the schema reaches xAI as it was written', async () => {
    await using world = await overXai((asked) => say(asked, [text(JSON.stringify(BERGEN))]))
    const { output_parsed } = await world.client.responses.parse({ model: 'grok-4', ...ask })
    expect(output_parsed).toEqual(BERGEN)
    const [asked] = world.upstream.asked().map(responsesAsked)
    expect(asked?.text?.format).toMatchObject({
      type: 'json_schema',
      name: 'city',
      schema: CITY,
    })
  })

  test('a schema without a name or without itself is refused', async () => {
    await using world = await overChat()
    for (const broken of [{ name: 'city' }, { schema: CITY }]) {
      const body = { ...ASK, text: { format: { type: 'json_schema', ...broken } } }
      const answer = await world.gate.post('/v1/responses', body)
      expect(answer.status).toBe(400)
    }
    expect(world.upstream.asked()).toEqual([])
  })
})

describe('tools', () => {
  const ACT: ToolAct = { tool: 'get_weather', given: { city: 'Bergen', days: 3 } }
  const WAYS = [
    ['a chat-only upstream', () => overChat(chatLoop(ACT)), false],
    ['a chat-only upstream', () => overChat(chatLoop(ACT)), true],
    ['xAI', () => overXai(responsesLoop(ACT)), false],
    ['xAI', () => overXai(responsesLoop(ACT)), true],
  ] as const

  test.each(WAYS)('a loop that goes on from what is stored, over %s', async (_, over, stream) => {
    await using world = await over()
    const { responses } = world.client
    const ask = (body: Omit<ResponseCreateParamsNonStreaming, 'stream'>) =>
      stream ? responses.stream(body).finalResponse() : responses.create(body)

    const first = await ask({ ...ASK, tools: [WEATHER] })
    expectOfficial(first)
    expect(first.output).toMatchObject([
      { type: 'function_call', call_id: CALL_ID, name: 'get_weather', status: 'completed' },
    ])
    const [called] = first.output
    if (called?.type !== 'function_call') throw new Error('No function was called.')
    expect(JSON.parse(called.arguments)).toEqual({ city: 'Bergen', days: 3 })

    const second = await ask({
      model: 'grok-4',
      previous_response_id: first.id,
      tools: [WEATHER],
      input: [{ type: 'function_call_output', call_id: called.call_id, output: 'Rain, 9 °C' }],
    })
    expectOfficial(second)
    expect(second.output_text).toBe(`${TOLD}Rain, 9 °C`)
    expect(second.previous_response_id).toBe(first.id)
    if (stream) expectOfficialStream(await world.stream())
    expect(await world.gate.ledger()).toHaveLength(2)
  })

  test('a forced tool is forced upstream, in the words of chat', async () => {
    await using world = await overChat(chatLoop(ACT))
    const forced = { type: 'function', name: 'get_weather' } as const
    await world.client.responses.create({ ...ASK, tools: [WEATHER], tool_choice: forced })
    const [asked] = world.upstream.asked().map(chatAsked)
    expect(asked).toMatchObject({
      tool_choice: { type: 'function', function: { name: 'get_weather' } },
      tools: [{ type: 'function', function: { name: 'get_weather', strict: true } }],
    })
  })

  test('a tool that runs upstream is left out where the upstream has none, unless it is forced', async () => {
    await using world = await overChat()
    const search = { type: 'web_search' } as const
    const answer = await world.client.responses.create({ ...ASK, tools: [search] })
    expect(answer.status).toBe('completed')
    const [asked] = world.upstream.asked().map(chatAsked)
    expect(asked?.tools ?? []).toEqual([])
    const body = { ...ASK, tools: [search], tool_choice: search }
    expect((await world.gate.post('/v1/responses', body)).status).toBe(400)
    expect(world.upstream.asked()).toHaveLength(1)
  })

  test.each(['a chat-only upstream', 'xAI'])(
    'calls in parallel keep apart, over %s',
    async (over) => {
      const part = (index: number, fragment: object) =>
        JSON.stringify(chunk({ tool_calls: [{ index, ...fragment }] }))
      const begun = (index: number, id: string, name: string) =>
        part(index, { id, type: 'function', function: { name, arguments: '' } })
      await using world =
        over === 'xAI'
          ? await overXai((asked) =>
              say(asked, [
                call('get_weather', { city: 'Bergen' }, 'call_a'),
                call('get_time', { zone: 'CET' }, 'call_b'),
              ]),
            )
          : await overChat(({ path }) =>
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
      const final = await world.client.responses
        .stream({ ...ASK, tools: [WEATHER] })
        .finalResponse()
      expectOfficialStream(await world.stream())
      expect(final.output).toMatchObject([
        { call_id: 'call_a', name: 'get_weather', arguments: '{"city":"Bergen"}' },
        { call_id: 'call_b', name: 'get_time', arguments: '{"zone":"CET"}' },
      ])
    },
  )

  test('an output of a call that nobody made is refused', async () => {
    await using world = await overChat()
    const stray = world.client.responses.create({
      model: 'grok-4',
      input: [{ type: 'function_call_output', call_id: 'call_nobody', output: 'Rain' }],
    })
    await failureOf(stray, BadRequestError)
    expect(world.upstream.asked()).toEqual([])
  })
})

describe('conversations without state', () => {
  const HISTORY: ResponseInputItem[] = [
    { role: 'user', content: 'Who keeps the lighthouse?' },
    { type: 'reasoning', id: 'rs_1', summary: [{ type: 'summary_text', text: 'Hm.' }] },
    { type: 'function_call', call_id: 'call_a', name: 'get_weather', arguments: '{}' },
    { type: 'function_call', call_id: 'call_b', name: 'get_time', arguments: '{}' },
    { type: 'function_call_output', call_id: 'call_a', output: 'Rain' },
    { type: 'function_call_output', call_id: 'call_b', output: 'Noon' },
    {
      ...{ type: 'message', id: 'msg_1', role: 'assistant', status: 'completed' },
      content: [{ type: 'output_text', text: 'Solveig', annotations: [] }],
    },
    { role: 'user', content: [{ type: 'input_text', text: 'Since when?' }] },
  ]

  test('reach a chat-only upstream as messages: calls that follow each other are one message', async () => {
    await using world = await overChat()
    await world.client.responses.create({
      ...{ model: 'grok-4', instructions: 'Be brief.', input: HISTORY, store: false },
    })
    const [asked] = world.upstream.asked().map(chatAsked)
    expect(asked?.messages).toMatchObject([
      { role: expect.stringMatching(/^(system|developer)$/), content: 'Be brief.' },
      { role: 'user' },
      { role: 'assistant', tool_calls: [{ id: 'call_a' }, { id: 'call_b' }] },
      { role: 'tool', tool_call_id: 'call_a', content: 'Rain' },
      { role: 'tool', tool_call_id: 'call_b', content: 'Noon' },
      { role: 'assistant', content: 'Solveig' },
      { role: 'user' },
    ])
  })

  test('reach xAI as items', async () => {
    await using world = await overXai()
    await world.client.responses.create({
      ...{ model: 'grok-4', instructions: 'Be brief.', input: HISTORY, store: false },
    })
    const [asked] = world.upstream.asked().map(responsesAsked)
    if (!asked) throw new Error('The upstream was not asked.')
    expect(JSON.stringify(asked)).toContain('Be brief.')
    const kinds = inputOf(asked)
      .filter(({ role, type }) => role !== 'system' && role !== 'developer' && type !== 'reasoning')
      .map(({ type = 'message', role, call_id }) => [type, role ?? call_id].join(' '))
    expect(kinds).toEqual([
      'message user',
      'function_call call_a',
      'function_call call_b',
      'function_call_output call_a',
      'function_call_output call_b',
      'message assistant',
      'message user',
    ])
  })
})

describe('errors', () => {
  test("an upstream's refusal keeps its words", async () => {
    const error = {
      message: 'Too long.',
      type: 'invalid_request_error',
      param: 'messages',
      code: 'context_length_exceeded',
    }
    await using world = await overChat(({ path }) =>
      path === '/v1/chat/completions' ? Response.json({ error }, { status: 400 }) : undefined,
    )
    const failure = await failureOf(world.client.responses.create(ASK), BadRequestError)
    expect(failure.code).toBe('context_length_exceeded')
    expect(failure.message).toContain('Too long.')
  })

  test('a chat-only upstream that breaks off is a failed response, and kept as one', async () => {
    await using world = await overChat(({ path }) =>
      path === '/v1/chat/completions'
        ? sse([JSON.stringify(chunk({ role: 'assistant', content: 'Hel' }))], { cut: true })
        : undefined,
    )
    const { responses } = world.client
    let id = ''
    const reading = (async () => {
      for await (const event of await responses.create({ ...ASK, stream: true }))
        if (event.type === 'response.created') id = event.response.id
    })()
    await failureOf(reading, OpenAI.APIError)
    const text = await world.stream()
    expect(text).toContain('event: response.failed')
    expect(text).not.toContain('[DONE]')
    expect(await responses.retrieve(id)).toMatchObject({ status: 'failed', output_text: 'Hel' })
  })

  test('leaving a stream ends it at the upstream within 50 ms', async () => {
    await using world = await overChat(({ path }) =>
      path === '/v1/chat/completions'
        ? sse([JSON.stringify(chunk({ role: 'assistant', content: 'Hel' }))], { hang: true })
        : undefined,
    )
    const leaving = new AbortController()
    const stream = await world.client.responses.create(
      { ...ASK, stream: true },
      { signal: leaving.signal },
    )
    for await (const event of stream) if (event.type === 'response.output_text.delta') break
    using clock = ownClock()
    leaving.abort()
    const left = clock.now()
    await world.upstream.asked()[0]?.aborted
    expect(clock.now() - left).toBeLessThan(50)
    expect(await world.gate.ledger()).toMatchObject([{ outcome: 'gone' }])
  })

  test.each([
    ['no model', { model: undefined }],
    ['a wrong temperature', { temperature: 3 }],
    ['no input at all', { input: undefined }],
    ['an empty input', { input: [] }],
    ['a message without content', { input: [{ role: 'user' }] }],
    ['a stored prompt', { prompt: { id: 'pmpt_1' } }],
    ['input of no known kind', { input: [{ type: 'telepathy' }] }],
    ['17 pairs of metadata', { metadata: pairs(17) }],
    ['a long metadata value', { metadata: { room: 'x'.repeat(513) } }],
    ['two ways to go on', { previous_response_id: 'resp_1', conversation: 'conv_1' }],
    ['a previous response that is not there', { previous_response_id: 'resp_1' }],
  ])('%s is refused before any upstream is asked', async (_, wrong) => {
    await using world = await overChat()
    const answer = await world.gate.post('/v1/responses', { ...ASK, ...wrong })
    expect(answer.status).toBe(400)
    expect(await answer.json()).toMatchObject({
      error: { message: expect.any(String), type: 'invalid_request_error' },
    })
    expect(world.upstream.asked()).toEqual([])
  })
})

function pairs(count: number) {
  return Object.fromEntries(Array.from({ length: count }, (_, at) => [`key${at}`, 'value']))
}
