import { describe, expect, test } from 'bun:test'
import OpenAI, { BadRequestError, InternalServerError } from 'openai'
import { makeParseableResponseFormat } from 'openai/lib/parser'
import type {
  ChatCompletionChunk,
  ChatCompletionFunctionTool,
  ChatCompletionMessageParam,
} from 'openai/resources/chat/completions'
import { call, refusal, text, thought, webSearch } from '../fakes/responses-outputs'
import { type Manner, say, unavailable } from '../fakes/responses-said'
import { inputOf, type ResponsesAsked, responsesAsked } from '../fakes/responses-upstream'
import { readEvents } from '../support/gateway'
import { failureOf, overResponsesOnly } from '../support/responses-world'
import { CALL_ID, responsesLoop, TOLD } from '../support/tool-loop'

/** Chat over a server that speaks Responses alone. */

const HELLO: ChatCompletionMessageParam[] = [{ role: 'user', content: 'Hi' }]
const ASK = { model: 'grok-4', messages: HELLO }

const WEATHER: ChatCompletionFunctionTool = {
  type: 'function',
  function: {
    name: 'get_weather',
    description: 'The weather of a city',
    parameters: { type: 'object', properties: { city: { type: 'string' } } },
  },
}

const LOG = { url: 'https://example.com/log', title: 'The log', start: 6, end: 13 }

const rich = (manner: Manner) => (asked: ResponsesAsked) =>
  say(
    asked,
    [
      thought('Keepers come and go 👋🏽.'),
      webSearch('lighthouse keeper'),
      text('It is Solveig 👋🏽.', { sources: [LOG] }),
      call('get_weather', { city: 'Bergen' }, 'call_a'),
      call('get_weather', { city: 'Oslo' }, 'call_b'),
    ],
    manner,
  )

const CALLS = [
  {
    id: 'call_a',
    type: 'function',
    function: { name: 'get_weather', arguments: '{"city":"Bergen"}' },
  },
  {
    id: 'call_b',
    type: 'function',
    function: { name: 'get_weather', arguments: '{"city":"Oslo"}' },
  },
] as const

describe('functions, as clients gave them before there were tools', () => {
  const functions = [WEATHER.function]
  const asked = { name: 'get_weather', arguments: '{"city":"Bergen"}' }

  test.each([false, true])(
    'are called by function_call, one at a time (stream: %p)',
    async (live) => {
      await using world = await overResponsesOnly(rich({}))
      const { completions } = world.client.chat
      const body = { ...ASK, functions, function_call: 'auto' } as const
      const { choices } = live
        ? await completions.stream(body).finalChatCompletion()
        : await completions.create(body)
      expect(choices).toMatchObject([
        { finish_reason: 'function_call', message: { function_call: asked } },
      ])
      expect(choices[0]?.message.tool_calls).toBeUndefined()
      const [sent] = world.upstream.asked().map(responsesAsked)
      expect(sent).toMatchObject({ parallel_tool_calls: false, tools: [{ name: 'get_weather' }] })
    },
  )

  test('tell what they gave in the next turn', async () => {
    await using world = await overResponsesOnly()
    await world.client.chat.completions.create({
      ...ASK,
      functions,
      messages: [
        ...HELLO,
        { role: 'assistant', content: null, function_call: asked },
        { role: 'function', name: 'get_weather', content: 'Rain' },
      ],
    })
    const [sent] = world.upstream.asked()
    const [, called, result] = sent ? inputOf(responsesAsked(sent)) : []
    expect([called, result]).toMatchObject([
      { type: 'function_call', ...asked },
      { type: 'function_call_output', output: 'Rain' },
    ])
    expect(called?.call_id).toBe(result?.call_id)
  })
})

describe('answers', () => {
  test('everything comes as chat has it', async () => {
    await using world = await overResponsesOnly(rich({ emptyIds: true }))
    const answer = await world.client.chat.completions.create(ASK)
    expect(answer).toMatchObject({ object: 'chat.completion', model: 'grok-4' })
    expect(answer.choices).toMatchObject([
      {
        index: 0,
        finish_reason: 'tool_calls',
        logprobs: null,
        message: {
          role: 'assistant',
          content: 'It is Solveig 👋🏽.',
          refusal: null,
          tool_calls: CALLS,
          annotations: [{ type: 'url_citation', url_citation: { url: LOG.url, title: LOG.title } }],
        },
      },
    ])
    expect(answer.choices[0]?.message).toHaveProperty(
      'reasoning_content',
      'Keepers come and go 👋🏽.',
    )
    expect(answer.usage).toMatchObject({
      ...{ prompt_tokens: 32, completion_tokens: 119, total_tokens: 151 },
      prompt_tokens_details: { cached_tokens: 8 },
      completion_tokens_details: { reasoning_tokens: 110 },
    })
    expect(world.upstream.asked().map(({ path }) => path)).toEqual(['/v1/responses'])
    expect(await world.gate.ledger()).toMatchObject([{ outcome: 'done', outputTokens: 119 }])
  })

  test.each([
    ['as it is', {}],
    ['in single bytes', { cut: 'bytes' }],
    ['with CRLF', { cut: 'crlf' }],
    ['several events at once', { cut: 'packed' }],
    ['with pings and without ids', { pings: true, emptyIds: true, doneEvent: true }],
  ] as const)(
    "the SDK's stream helper makes the same of a stream that came %s",
    async (_, manner) => {
      await using world = await overResponsesOnly(rich(manner))
      const texts: string[] = []
      const runner = world.client.chat.completions
        .stream({ ...ASK, tools: [WEATHER], stream_options: { include_usage: true } })
        .on('content', (delta) => texts.push(delta))
      const final = await runner.finalChatCompletion()
      expect(final.choices[0]?.message.content).toBe('It is Solveig 👋🏽.')
      expect(texts.join('')).toBe('It is Solveig 👋🏽.')
      expect(final.choices[0]?.finish_reason).toBe('tool_calls')
      expect(final.choices[0]?.message.tool_calls).toMatchObject([...CALLS])
      expect(await runner.totalUsage()).toMatchObject({ completion_tokens: 119, total_tokens: 151 })

      const stream = await world.stream()
      const chunks = readEvents(stream).slice(0, -1) as ChatCompletionChunk[]
      expect(stream.split('data: [DONE]\n\n')).toHaveLength(2)
      expect(new Set(chunks.map(({ id, model }) => `${id} ${model}`)).size).toBe(1)
      expect(chunks.filter(({ choices }) => choices[0]?.delta.role)).toHaveLength(1)
      expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { total_tokens: 151 } })
      for (const { usage } of chunks.slice(0, -1)) expect(usage).toBeNull()
      const thoughts = chunks.flatMap(({ choices }) => {
        const { reasoning_content } = (choices[0]?.delta ?? {}) as { reasoning_content?: string }
        return reasoning_content ?? []
      })
      expect(thoughts.join('')).toBe('Keepers come and go 👋🏽.')
    },
  )

  test('without asking for usage there is none, and every chunk has a choice', async () => {
    await using world = await overResponsesOnly()
    for await (const one of await world.client.chat.completions.create({ ...ASK, stream: true })) {
      expect(one.choices).toHaveLength(1)
      expect(one).not.toHaveProperty('usage')
    }
  })

  test('a refusal is one', async () => {
    await using world = await overResponsesOnly((asked) => say(asked, [refusal('No.')]))
    const { completions } = world.client.chat
    const whole = await completions.create(ASK)
    const streamed = await completions.stream(ASK).finalChatCompletion()
    for (const { choices } of [whole, streamed]) {
      expect(choices[0]?.message.refusal).toBe('No.')
      expect(choices[0]?.message.content ?? '').toBe('')
    }
  })

  test('an answer cut short ends by length', async () => {
    await using world = await overResponsesOnly((asked) =>
      say(asked, [text('It is')], { incomplete: 'max_output_tokens' }),
    )
    const { completions } = world.client.chat
    const whole = await completions.create(ASK)
    const streamed = await completions.stream(ASK).finalChatCompletion()
    for (const { choices } of [whole, streamed])
      expect(choices[0]).toMatchObject({ finish_reason: 'length', message: { content: 'It is' } })
  })
})

describe('requests', () => {
  test('messages reach it as items', async () => {
    await using world = await overResponsesOnly()
    await world.client.chat.completions.create({
      model: 'grok-4',
      messages: [
        { role: 'system', content: 'Be brief.' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'What is this?' },
            { type: 'image_url', image_url: { url: 'https://example.com/a.png', detail: 'low' } },
          ],
        },
        {
          role: 'assistant',
          content: 'Let me see.',
          tool_calls: [{ id: 'call_1', ...{ type: 'function', function: CALLS[0].function } }],
        },
        { role: 'tool', tool_call_id: 'call_1', content: 'Rain' },
      ],
      tools: [WEATHER],
      tool_choice: { type: 'function', function: { name: 'get_weather' } },
      max_completion_tokens: 99,
      reasoning_effort: 'low',
    })
    const [asked] = world.upstream.asked().map(responsesAsked)
    if (!asked) throw new Error('The upstream was not asked.')
    expect(JSON.stringify([asked.instructions, asked.input])).toContain('Be brief.')
    expect(inputOf(asked).filter(({ role }) => role !== 'system')).toMatchObject([
      {
        role: 'user',
        content: [
          { type: 'input_text', text: 'What is this?' },
          { type: 'input_image', image_url: 'https://example.com/a.png', detail: 'low' },
        ],
      },
      { role: 'assistant' },
      { type: 'function_call', call_id: 'call_1', name: 'get_weather' },
      { type: 'function_call_output', call_id: 'call_1', output: 'Rain' },
    ])
    expect(asked).toMatchObject({
      tools: [{ type: 'function', name: 'get_weather' }],
      tool_choice: { type: 'function', name: 'get_weather' },
      max_output_tokens: 99,
      reasoning: { effort: 'low' },
    })
    expect(asked.messages).toBeUndefined()
  })

  test('a schema is flat there, and its value is parsed here', async () => {
    const schema = { type: 'object', properties: { city: { type: 'string' } } }
    await using world = await overResponsesOnly((asked) => say(asked, [text('{"city":"Bergen"}')]))
    const response_format = makeParseableResponseFormat(
      { type: 'json_schema', json_schema: { name: 'city', strict: true, schema } },
      (content): { city: string } => JSON.parse(content),
    )
    const { choices } = await world.client.chat.completions.parse({ ...ASK, response_format })
    expect(choices[0]?.message.parsed).toEqual({ city: 'Bergen' })
    const [asked] = world.upstream.asked().map(responsesAsked)
    expect(asked?.text?.format).toMatchObject({ type: 'json_schema', name: 'city', schema })
  })

  test.each([false, true])(
    "the SDK's own tool loop ends with text (stream: %p)",
    async (stream) => {
      await using world = await overResponsesOnly(
        responsesLoop({ tool: 'get_weather', given: { city: 'Bergen' }, thought: 'Hm.' }),
      )
      const ask = {
        ...ASK,
        tools: [
          {
            type: 'function' as const,
            function: {
              name: 'get_weather',
              description: 'The weather of a city',
              parameters: { type: 'object', properties: { city: { type: 'string' } } },
              parse: JSON.parse,
              function: (given: { city: string }) => `Rain in ${given.city}`,
            },
          },
        ],
      }
      const { completions } = world.client.chat
      const runner = stream
        ? completions.runTools({ ...ask, stream: true })
        : completions.runTools({ ...ask, stream: false })
      expect(await runner.finalContent()).toBe(`${TOLD}Rain in Bergen`)
      const [, second] = world.upstream.asked().map(responsesAsked)
      if (!second) throw new Error('The upstream was asked less than twice.')
      expect(inputOf(second).at(-1)).toMatchObject({ call_id: CALL_ID, output: 'Rain in Bergen' })
    },
  )

  test('two answers to one question are two, or refused, but never silently one', async () => {
    await using world = await overResponsesOnly()
    const outcome = await world.client.chat.completions.create({ ...ASK, n: 2 }).then(
      ({ choices }) => choices.map(({ index }) => index),
      (cause: unknown) => cause,
    )
    if (Array.isArray(outcome)) expect(outcome).toEqual([0, 1])
    else expect(outcome).toBeInstanceOf(BadRequestError)
  })
})

describe('faults', () => {
  test.each([
    ['overload', 'overload'],
    ['a nested error', 'nested'],
    ['a failed response', 'failed'],
    ['a broken connection', 'cut'],
    ['silence', 'silence'],
  ] as const)('a stream that ends by %s is an error after the text that came', async (_, by) => {
    await using world = await overResponsesOnly((asked) =>
      say(asked, [text('It is Solveig')], { breaks: { after: 6, by }, gapMs: 20 }),
    )
    const said: string[] = []
    const reading = (async () => {
      const stream = await world.client.chat.completions.create({ ...ASK, stream: true })
      for await (const { choices } of stream) said.push(choices[0]?.delta.content ?? '')
    })()
    await failureOf(reading, OpenAI.APIError)
    expect(said.join('')).toBe('It is ')
    const stream = await world.stream()
    expect(stream).not.toContain('[DONE]')
    expect(stream).not.toContain('"finish_reason":"stop"')
    expect(await world.gate.ledger()).toMatchObject([{ outcome: 'broken' }])
  })

  test('a fault that looks like an answer is one', async () => {
    await using world = await overResponsesOnly(unavailable)
    const { completions } = world.client.chat
    await failureOf(completions.create({ ...ASK, stream: true }), InternalServerError)
  })
})
