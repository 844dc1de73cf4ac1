import { describe, expect, test } from 'bun:test'
import Type from 'typebox'
import { Compile } from 'typebox/compile'
import { fakeUpstream } from '../fakes/upstream'
import { gateway, KEY, openaiAt } from '../support/gateway'
import { expectOfficial, expectOfficialStream } from '../support/responses-world'
import { connect } from '../support/socket-app'
import { chatAsked } from '../support/tool-loop'

/** The cases that the acceptance tests of Open Responses list, in words of our own. */

const nullable = <T extends Type.TSchema>(type: T) => Type.Union([type, Type.Null()])

/** What Open Responses wants of every response, beyond OpenAI's schema (openai-api.md, 1.2). */
const WHOLE = Compile(
  Type.Object({
    id: Type.String({ minLength: 1 }),
    object: Type.Literal('response'),
    created_at: Type.Integer(),
    completed_at: nullable(Type.Integer()),
    status: Type.String(),
    incomplete_details: nullable(Type.Object({ reason: Type.String() })),
    model: Type.String(),
    previous_response_id: nullable(Type.String()),
    instructions: nullable(Type.String()),
    output: Type.Array(Type.Object({ type: Type.String(), id: Type.String({ minLength: 1 }) })),
    error: nullable(Type.Object({ code: Type.String(), message: Type.String() })),
    tools: Type.Array(Type.Object({ type: Type.String() })),
    tool_choice: Type.Union([Type.String(), Type.Object({ type: Type.String() })]),
    truncation: Type.Enum(['auto', 'disabled']),
    parallel_tool_calls: Type.Boolean(),
    text: Type.Object({ format: Type.Object({ type: Type.String() }) }),
    top_p: Type.Number(),
    presence_penalty: Type.Number(),
    frequency_penalty: Type.Number(),
    top_logprobs: Type.Integer(),
    temperature: Type.Number(),
    reasoning: nullable(Type.Object({})),
    usage: nullable(
      Type.Object({
        input_tokens: Type.Integer(),
        output_tokens: Type.Integer(),
        total_tokens: Type.Integer(),
        input_tokens_details: Type.Object({ cached_tokens: Type.Integer() }),
        output_tokens_details: Type.Object({ reasoning_tokens: Type.Integer() }),
      }),
    ),
    max_output_tokens: nullable(Type.Integer()),
    max_tool_calls: nullable(Type.Integer()),
    store: Type.Boolean(),
    background: Type.Boolean(),
    service_tier: Type.String(),
    metadata: Type.Object({}),
    safety_identifier: nullable(Type.String()),
    prompt_cache_key: nullable(Type.String()),
  }),
)

function expectWhole(response: unknown) {
  expect(
    WHOLE.Errors(response).map(({ instancePath, message }) => [instancePath, message]),
  ).toEqual([])
  expectOfficial(response as object)
}

const user = (content: unknown) => ({ type: 'message', role: 'user', content })

const WEATHER = {
  type: 'function',
  name: 'get_weather',
  description: 'The weather at a place',
  parameters: {
    type: 'object',
    properties: { location: { type: 'string', description: 'A city' } },
    required: ['location'],
  },
}

/** The smallest picture there is. */
const PIXEL =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='

const CASES = [
  ['a message', { input: [user('Greet me in three words.')] }, 'message'],
  [
    'a system message first',
    {
      input: [
        { type: 'message', role: 'system', content: 'You keep a lighthouse.' },
        user('Greet me.'),
      ],
    },
    'message',
  ],
  [
    'a developer message first',
    { input: [{ type: 'message', role: 'developer', content: 'Be brief.' }, user('Greet me.')] },
    'message',
  ],
  [
    'a function to call',
    { input: [user('How is the weather in Bergen?')], tools: [WEATHER] },
    'function_call',
  ],
  [
    'a picture',
    {
      input: [
        user([
          { type: 'input_text', text: 'What is to be seen here?' },
          { type: 'input_image', image_url: PIXEL },
        ]),
      ],
    },
    'message',
  ],
  [
    'several turns',
    {
      input: [
        user('I am called Solveig.'),
        { type: 'message', role: 'assistant', content: 'Good evening, Solveig.' },
        user('What am I called?'),
      ],
    },
    'message',
  ],
] as const

describe.each(CASES)('%s', (_, ask, kind) => {
  test('is answered whole', async () => {
    await using gate = await gateway()
    const answer = await gate.post('/v1/responses', { model: 'demo', ...ask })
    expect(answer.status).toBe(200)
    const response = (await answer.json()) as { output: { type: string }[] }
    expectWhole(response)
    expect(response).toMatchObject({ status: 'completed' })
    expect(response.output.map(({ type }) => type)).toContain(kind)
  })

  test('is answered with a stream', async () => {
    await using gate = await gateway()
    const answer = await gate.post('/v1/responses', { model: 'demo', stream: true, ...ask })
    expect(answer.headers.get('content-type')).toStartWith('text/event-stream')
    const events = expectOfficialStream(await answer.text())
    for (const { response } of events) if (response) expectWhole(response)
    const types = events.map(({ type }) => type)
    expect(types).toContain(
      kind === 'message' ? 'response.output_text.delta' : 'response.function_call_arguments.delta',
    )
    expect(events.find(({ type }) => type === 'response.output_item.done')).toMatchObject({
      item: { type: kind, status: 'completed' },
    })
  })
})

describe('over a WebSocket', () => {
  const ask = (input: string) => ({ model: 'grok-4', input: [user(input)] })

  test('turns follow each other, and what is not stored goes on on its socket alone', async () => {
    await using upstream = fakeUpstream()
    await using gate = await gateway({ env: openaiAt(upstream.url) })
    using first = await connect(gate.url, KEY)
    const events = await first.turn({ ...ask('One'), store: false })
    expect(events.at(0)?.type).toBe('response.created')
    const done = events.at(-1)
    expect(done?.type).toBe('response.completed')
    expectWhole(done?.response)
    const previous_response_id = done?.response?.id
    const onward = await first.turn({ ...ask('Two'), store: false, previous_response_id })
    expect(onward.at(-1)?.type).toBe('response.completed')
    const messages = upstream.asked().map(chatAsked).at(-1)?.messages ?? []
    expect(messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'user'])

    using second = await connect(gate.url, KEY)
    const [error] = await second.turn({ ...ask('Three'), store: false, previous_response_id })
    expect(error).toMatchObject({
      type: 'error',
      status: 400,
      error: { code: 'previous_response_not_found' },
    })
    // The socket lives on.
    expect((await second.turn(ask('Four'))).at(-1)?.type).toBe('response.completed')
  })

  test('what is stored goes on on any socket', async () => {
    await using upstream = fakeUpstream()
    await using gate = await gateway({ env: openaiAt(upstream.url) })
    using first = await connect(gate.url, KEY)
    const previous_response_id = (await first.turn({ ...ask('One'), store: true })).at(-1)?.response
      ?.id
    using second = await connect(gate.url, KEY)
    const events = await second.turn({ ...ask('Two'), previous_response_id })
    expect(events.at(-1)).toMatchObject({
      type: 'response.completed',
      response: { previous_response_id },
    })
  })
})
