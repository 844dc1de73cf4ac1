import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import OpenAI from 'openai'
import { ApiError } from '#src/errors'
import type { TurnEvent } from '#src/turn/event'
import { createResponsesEncoder, type ResponseTerms } from '#src/turn/responses/encoder'
import type { ResponsesRequest } from '#src/turn/responses/schema'
import { shownResponse } from '#src/turn/responses/shown'
import { skeletonOf } from '#src/turn/responses/skeleton'
import { OFFICIAL } from '../support/official'
import {
  officialEventFaults,
  officialResponseFaults,
  RESPONSES_FIXTURE,
  responseSchemas,
} from '../support/official-responses'
import { accumulated, orderFaults, readResponseStream } from '../support/response-order'
import {
  answers,
  encode,
  HOSTED_SAMPLES,
  nonsense,
  responseTerms,
} from '../support/response-samples'

type Json = Record<string, unknown>

const choice = 0
const text = (it: string): TurnEvent => ({ type: 'text', choice, text: it })
const thinking = (it: string, part = 0): TurnEvent => ({ type: 'thinking', choice, text: it, part })
const thought = (encrypted: string | null = null): TurnEvent => ({
  type: 'thought',
  choice,
  encrypted,
})
const call = (id: string, name = 'f', custom = false): TurnEvent => ({
  type: 'call',
  choice,
  id,
  name,
  custom,
})
const args = (it: string): TurnEvent => ({ type: 'arguments', choice, text: it })
const finish = (reason: 'stop' | 'length' | 'tool_calls' | 'content_filter'): TurnEvent => ({
  type: 'finish',
  choice,
  reason,
})
const usage: TurnEvent = {
  type: 'usage',
  usage: { input: 10, cached: 4, output: 6, reasoning: 2, costTicks: null, source: 'reported' },
}

/** The events of a whole stream. */
function stream(events: readonly TurnEvent[], terms: Partial<ResponseTerms> = {}) {
  const { encoder, text: begun } = encode(events, terms)
  const all = begun + encoder.end()
  return { ...readResponseStream(all), encoder, text: all }
}

const types = (events: readonly { readonly type: string }[]) =>
  events.map(({ type }) => type.replace('response.', ''))

const outputOf = ({ response }: Json = {}): Json[] => (response as { output: Json[] }).output

/** Everything that a stream must be, whatever was said. */
function expectGood(all: string, encoder: ReturnType<typeof createResponsesEncoder>) {
  const { events } = readResponseStream(all)
  expect(orderFaults(events)).toEqual([])
  for (const event of events) expect(officialEventFaults(event)).toEqual([])
  const answer = JSON.parse(encoder.answer())
  const last = events.at(-1) as unknown as { response: Json }
  expect(last.response).toEqual(answer)
  expect(officialResponseFaults(answer)).toEqual([])
  const untold = events.slice(0, -1).filter(({ type }) => type !== 'error')
  expect(accumulated(untold).output as unknown[]).toEqual(answer.output)
  expect(accumulated(events).status as string).toBe(answer.status)
}

test('the copy of the official schemas is up to date', async () => {
  const document = Bun.file(OFFICIAL)
  // Only a workshop has the original; elsewhere the copy is all there is.
  if (!(await document.exists())) return
  const copy = await Bun.file(RESPONSES_FIXTURE).json()
  expect(
    responseSchemas(await document.json()),
    'run: bun test/support/official-responses.ts',
  ).toEqual(copy)
})

describe('whatever is said', () => {
  const terms = fc.record({
    includeEncrypted: fc.boolean(),
    includeLogprobs: fc.boolean(),
    background: fc.boolean(),
  })
  const ends = fc.constantFrom('end', 'fail', 'cancel')
  const error = new ApiError('upstream_error', 'It broke off.')

  test('the stream is in order, official, and ends in the JSON answer', () =>
    fc.assert(
      fc.property(fc.oneof(answers, nonsense), terms, ends, (events, given, end) => {
        const { encoder, text: said } = encode(events, given)
        const last = end === 'fail' ? encoder.fail(error) : encoder[end as 'end' | 'cancel']()
        expectGood(said + last, encoder)
      }),
      { numRuns: 300 },
    ))

  test('without a stream nothing is written and the answer is the same', () =>
    fc.assert(
      fc.property(answers, terms, (events, given) => {
        const { encoder, text: said } = encode(events, { ...given, stream: false })
        expect(said + encoder.end() + encoder.tape()).toBe('')
        const streamed = stream(events, given).encoder
        expect(encoder.answer()).toBe(streamed.answer())
        expect(encoder.response()).toEqual(streamed.response())
      }),
    ))

  test('what is stored is what the client got, and thoughts as their upstream reads them', () =>
    fc.assert(
      fc.property(answers, (events) => {
        const { encoder } = stream(events, { sealThought: (own) => `groxy.0.${own}` })
        const stored = encoder.response()
        expect(shownResponse(stored)).toEqual(JSON.parse(encoder.answer()))
        const sealed = events.flatMap((event) =>
          event.type === 'thought' && event.encrypted ? [`groxy.0.${event.encrypted}`] : [],
        )
        const kept = (stored.output as Json[]).flatMap((item) => item.encrypted_content ?? [])
        expect(kept).toEqual(sealed)
      }),
    ))

  test('nothing comes after the end', () => {
    const { encoder } = stream([text('a')])
    expect(encoder.push(text('b')) + encoder.end() + encoder.cancel() + encoder.fail(error)).toBe(
      '',
    )
    expect(encoder.answer()).not.toContain('"b"')
  })
})

describe('a stream', () => {
  test('begins with created and in_progress, which carry an empty Response (R1)', () => {
    const { events } = stream([text('a')])
    expect(types(events.slice(0, 2))).toEqual(['created', 'in_progress'])
    for (const event of events.slice(0, 2))
      expect(event.response).toMatchObject({ status: 'in_progress', output: [], usage: null })
  })

  test('of a background turn is queued first', () => {
    const encoder = createResponsesEncoder(responseTerms({ background: true }))
    expect(encoder.response()).toMatchObject({ status: 'queued' })
    const queued = readResponseStream(encoder.queue()).events
    expect(types(queued)).toEqual(['created', 'queued'])
    expect(queued.map(({ response }) => (response as Json).status)).toEqual(['queued', 'queued'])
    expect(types(readResponseStream(encoder.begin()).events)).toEqual(['in_progress'])
    expect(encoder.begin()).toBe('')
  })

  test('tells text and calls one after the other (R4, R17)', () => {
    const { events } = stream([
      text('a'),
      text('b'),
      call('c1'),
      args('{}'),
      call('c2', 'g', true),
      args('x'),
      finish('tool_calls'),
      usage,
    ])
    expect(types(events)).toEqual([
      'created',
      'in_progress',
      'output_item.added',
      'content_part.added',
      'output_text.delta',
      'output_text.delta',
      'output_text.done',
      'content_part.done',
      'output_item.done',
      'output_item.added',
      'function_call_arguments.delta',
      'function_call_arguments.done',
      'output_item.done',
      'output_item.added',
      'custom_tool_call_input.delta',
      'custom_tool_call_input.done',
      'output_item.done',
      'completed',
    ])
    expect(outputOf(events.at(-1))).toEqual([
      {
        id: 'msg_1',
        type: 'message',
        status: 'completed',
        role: 'assistant',
        content: [{ type: 'output_text', text: 'ab', annotations: [], logprobs: [] }],
      },
      {
        id: 'fc_2',
        type: 'function_call',
        status: 'completed',
        arguments: '{}',
        call_id: 'c1',
        name: 'f',
      },
      {
        id: 'ctc_3',
        type: 'custom_tool_call',
        status: 'completed',
        input: 'x',
        call_id: 'c2',
        name: 'g',
      },
    ])
    expect(events.find(({ type }) => type.endsWith('arguments.done'))).toMatchObject({ name: 'f' })
  })

  test('tells a thought before the answer, paragraph by paragraph (C26)', () => {
    const { events } = stream([
      thinking('a'),
      thinking('b', 1),
      thinking('c', 1),
      thought('secret'),
      text('d'),
    ])
    expect(types(events.slice(2, 13))).toEqual([
      'output_item.added',
      'reasoning_summary_part.added',
      'reasoning_summary_text.delta',
      'reasoning_summary_text.done',
      'reasoning_summary_part.done',
      'reasoning_summary_part.added',
      'reasoning_summary_text.delta',
      'reasoning_summary_text.delta',
      'reasoning_summary_text.done',
      'reasoning_summary_part.done',
      'output_item.done',
    ])
    const [item] = outputOf(events.at(-1))
    expect(item).toEqual({
      id: 'rs_1',
      type: 'reasoning',
      status: 'completed',
      summary: [
        { type: 'summary_text', text: 'a' },
        { type: 'summary_text', text: 'bc' },
      ],
    })
  })

  test('shows what only the upstream can read to those who ask, and null where there is none (R27)', () => {
    const said = [thinking('a'), thought(null), thought('secret'), text('b')]
    const [shown, hidden] = outputOf(stream(said, { includeEncrypted: true }).events.at(-1))
    expect(shown?.encrypted_content).toBeNull()
    expect(hidden).toMatchObject({ type: 'reasoning', summary: [], encrypted_content: 'secret' })
    expect(stream(said).text).not.toContain('secret')
  })

  test('opens no item for empty pieces (R6)', () => {
    const { events } = stream([text(''), thinking(''), text('a'), args('stray')])
    expect(outputOf(events.at(-1))).toHaveLength(1)
  })

  const cut: readonly (readonly ['length' | 'content_filter', string])[] = [
    ['length', 'max_output_tokens'],
    ['content_filter', 'content_filter'],
  ]
  test.each(cut)(
    'that ends by %s is incomplete, and so is its last item (R8, R9)',
    (reason, told) => {
      const { events, done } = stream([text('a'), call('c'), args('{"a'), finish(reason)])
      const last = events.at(-1) as unknown as { type: string; response: Json }
      expect(last.type).toBe('response.incomplete')
      expect(last.response).toMatchObject({
        status: 'incomplete',
        completed_at: null,
        incomplete_details: { reason: told },
      })
      expect(outputOf(events.at(-1)).map(({ status }) => status)).toEqual([
        'completed',
        'incomplete',
      ])
      expect(done).toBe(true)
    },
  )

  test('gives a call without arguments the empty ones, but not one that was cut off', () => {
    const whole = stream([call('a'), call('b', 'g', true), finish('tool_calls')])
    expect(outputOf(whole.events.at(-1))).toMatchObject([{ arguments: '{}' }, { input: '' }])
    const torn = stream([call('a'), finish('length')])
    expect(outputOf(torn.events.at(-1))).toMatchObject([{ arguments: '', status: 'incomplete' }])
  })

  test('gives every call an id of its own of up to 64 characters (R17)', () => {
    const { events } = stream([
      call('a'),
      call('a'),
      call(''),
      call('x'.repeat(65)),
      call('y'.repeat(64)),
    ])
    const ids = outputOf(events.at(-1)).map((item) => String(item.call_id))
    expect(new Set(ids).size).toBe(5)
    expect(ids[0]).toBe('a')
    expect(ids[4]).toBe('y'.repeat(64))
    for (const id of ids) expect(id.length).toBeLessThanOrEqual(64)
  })

  test('names the namespace of a call', () => {
    const { events } = stream([
      { type: 'call', choice, id: 'c', name: 'f', namespace: 'mcp', custom: false },
    ])
    expect(outputOf(events.at(-1))).toMatchObject([{ namespace: 'mcp', name: 'f' }])
  })

  test('shows likelihoods only when asked, with the bytes that OpenAI requires (C23)', () => {
    const said: TurnEvent = {
      ...(text('é') as TurnEvent & { type: 'text' }),
      logprobs: [{ token: 'é', logprob: -1, bytes: null, top_logprobs: [] }],
    }
    const asked = stream([said], { includeLogprobs: true })
    const shown = [{ token: 'é', logprob: -1, bytes: [195, 169], top_logprobs: [] }]
    expect(asked.events[4]).toMatchObject({ delta: 'é', logprobs: shown })
    expect(outputOf(asked.events.at(-1))[0]?.content).toMatchObject([{ logprobs: shown }])
    expect(stream([said]).events[4]).toMatchObject({ delta: 'é', logprobs: [] })
  })

  test('numbers citations, and refuses in a part of its own (C24, R7)', () => {
    const cite: TurnEvent = {
      type: 'citation',
      choice,
      citation: { url: 'https://a.example/', title: 't', start: 0, end: 1 },
    }
    const { events } = stream([
      text('a'),
      cite,
      cite,
      { type: 'refusal', choice, text: 'No.' },
      cite,
    ])
    expect(
      events
        .filter(({ type }) => type.includes('annotation'))
        .map((event) => event.annotation_index),
    ).toEqual([0, 1])
    const annotation = {
      type: 'url_citation',
      url: 'https://a.example/',
      title: 't',
      start_index: 0,
      end_index: 1,
    }
    expect(outputOf(events.at(-1))[0]?.content).toEqual([
      { type: 'output_text', text: 'a', annotations: [annotation, annotation], logprobs: [] },
      { type: 'refusal', refusal: 'No.' },
    ])
  })
})

describe('hosted tools', () => {
  const events: Readonly<Record<string, readonly string[]>> = {
    web_search_call: ['in_progress', 'searching', 'completed'],
    file_search_call: ['in_progress', 'searching', 'completed'],
    code_interpreter_call: ['in_progress', 'code.delta', 'code.done', 'interpreting', 'completed'],
    image_generation_call: ['in_progress', 'generating', 'completed'],
    mcp_call: ['in_progress', 'arguments.delta', 'arguments.done', 'completed'],
    mcp_list_tools: ['in_progress', 'completed'],
  }
  test.each(Object.entries(events))(
    '%s is told by the events that OpenAI has for it',
    (type, wanted) => {
      const [, last] = HOSTED_SAMPLES.find(([first]) => first.type === type) ?? []
      const { events: told } = stream([
        { type: 'hosted', choice, item: { ...last, type }, done: true },
      ])
      const between = types(told.slice(3, -2)).map((name) =>
        name.replace(/^.*?_(?:call|tools)[._]/, ''),
      )
      expect(between).toEqual([...wanted])
      expect(outputOf(told.at(-1))).toMatchObject([{ type }])
    },
  )

  test.each(HOSTED_SAMPLES)('%j has all that is required, told once or twice', (first, last) => {
    const id = 'up_1'
    const done: TurnEvent = { type: 'hosted', choice, item: { ...last, id }, done: true }
    const twice = stream([
      { type: 'hosted', choice, item: { ...first, id }, done: false },
      done,
      done,
    ])
    const once = stream([done])
    expectGood(twice.text, twice.encoder)
    expectGood(once.text, once.encoder)
    expect(outputOf(twice.events.at(-1))).toEqual(outputOf(once.events.at(-1)))
    expect(outputOf(once.events.at(-1))).toHaveLength(1)
  })

  test('of unknown types are not told of', () => {
    const { events: told } = stream([
      { type: 'hosted', choice, item: { type: 'dance_call', id: 'x' }, done: true },
      text('a'),
    ])
    expect(outputOf(told.at(-1))).toMatchObject([{ type: 'message' }])
  })

  test('that never end are over when something else is said, and broken when the turn breaks', () => {
    const begun: TurnEvent = {
      type: 'hosted',
      choice,
      item: { type: 'web_search_call', id: 'x' },
      done: false,
    }
    expect(outputOf(stream([begun, text('a')]).events.at(-1))).toMatchObject([
      { status: 'completed' },
      {},
    ])
    const { encoder } = encode([begun])
    encoder.fail(new ApiError('upstream_error', 'No.'))
    expect(encoder.response().output).toMatchObject([{ status: 'failed' }])
  })
})

describe('a failure (R10)', () => {
  test('is an error event, flat and nested, then response.failed, and no [DONE]', () => {
    const { encoder, text: said } = encode([text('par')])
    const { events, done } = readResponseStream(
      said + encoder.fail(new ApiError('upstream_error', 'It broke.')),
    )
    expect(types(events.slice(-2))).toEqual(['error', 'failed'])
    const error = {
      type: 'server_error',
      code: 'upstream_error',
      message: 'It broke.',
      param: null,
    }
    expect(events.at(-2)).toMatchObject({
      code: 'upstream_error',
      message: 'It broke.',
      param: null,
      error,
    })
    expect(events.at(-1)?.response).toMatchObject({
      status: 'failed',
      error: { code: 'server_error', message: 'It broke.' },
      completed_at: null,
      usage: null,
      output: [{ status: 'incomplete', content: [{ text: 'par' }] }],
    })
    expect(done).toBe(false)
  })

  const codes: readonly (readonly [string, ApiError, string])[] = [
    ['a limit', new ApiError('upstream_error', 'x', { status: 429 }), 'rate_limit_exceeded'],
    ['a quota', new ApiError('daily_quota_exceeded', 'x'), 'rate_limit_exceeded'],
    ['a bad request', new ApiError('invalid_value', 'x'), 'invalid_prompt'],
    [
      'a code that OpenAI has',
      new ApiError('upstream_error', 'x', { upstreamCode: 'image_too_large', status: 400 }),
      'image_too_large',
    ],
    [
      'a code that it has not',
      new ApiError('upstream_error', 'x', { upstreamCode: 'whatever', status: 529 }),
      'server_error',
    ],
    ['a timeout', new ApiError('upstream_timeout', 'x'), 'server_error'],
  ]
  test.each(codes)('for %s has a code that clients know', (_, error, code) => {
    const { encoder } = encode([])
    encoder.fail(error)
    expect(JSON.parse(encoder.answer()).error).toEqual({ code, message: 'x' })
  })

  test('shows the usage that the upstream told, and no estimate', () => {
    const { encoder } = encode([text('a'), usage])
    encoder.fail(new ApiError('upstream_error', 'x'))
    expect(encoder.response().usage).toMatchObject({ output_tokens: 6 })
  })
})

test('a cancelled turn is told as incomplete, without an error', () => {
  const { encoder, text: said } = encode([text('a')])
  const { events, done } = readResponseStream(said + encoder.cancel())
  expect(events.at(-1)).toMatchObject({
    type: 'response.incomplete',
    response: {
      status: 'cancelled',
      error: null,
      incomplete_details: null,
      output: [{ status: 'incomplete' }],
    },
  })
  expect(done).toBe(true)
})

describe('usage (R11)', () => {
  test('is as the upstream says', () => {
    const { encoder } = stream([text('a'), usage])
    expect(JSON.parse(encoder.answer()).usage).toEqual({
      input_tokens: 10,
      input_tokens_details: { cached_tokens: 4, cache_write_tokens: 0 },
      output_tokens: 6,
      output_tokens_details: { reasoning_tokens: 2 },
      total_tokens: 16,
    })
    expect(encoder.usage()).toMatchObject({ source: 'reported' })
  })
  test('is an estimate that says so where nobody told it', () => {
    const { encoder } = stream([
      thinking('1234'),
      thought(),
      text('12'),
      text('34'),
      call('c'),
      args('{"a":1}'),
    ])
    expect(JSON.parse(encoder.answer()).usage).toMatchObject({
      input_tokens: 10,
      output_tokens: 4,
      estimated: true,
    })
  })
})

describe('the skeleton of a Response', () => {
  test('has every key that Open Responses requires', () => {
    const answer = JSON.parse(stream([text('a')]).encoder.answer())
    const required =
      'id object created_at completed_at status incomplete_details model previous_response_id instructions output error tools tool_choice truncation parallel_tool_calls text top_p presence_penalty frequency_penalty top_logprobs temperature reasoning usage max_output_tokens max_tool_calls store background service_tier metadata safety_identifier prompt_cache_key'
    for (const key of required.split(' ')) expect(answer).toHaveProperty([key])
    expect(answer).toMatchObject({
      temperature: 1,
      top_p: 1,
      truncation: 'disabled',
      text: { format: { type: 'text' } },
    })
  })

  test('echoes the request, with the keys that OpenAI requires and no secrets', () => {
    const request = {
      model: 'grok-4',
      instructions: 'Be brief.',
      conversation: 'conv_1',
      tools: [
        { type: 'function', name: 'f' },
        {
          type: 'mcp',
          server_label: 's',
          server_url: 'https://a.example/',
          authorization: 'secret',
          headers: { 'x-key': 'secret' },
        },
      ],
      tool_choice: { type: 'function', name: 'f' },
      reasoning: { effort: 'low' },
      text: { format: { type: 'json_schema', name: 'n', schema: {}, description: null } },
      metadata: { a: 'b' },
      service_tier: 'auto',
      presence_penalty: 0.5,
    } as unknown as ResponsesRequest
    const skeleton = skeletonOf(request, { conversation: { id: 'conv_2' } })
    expect(skeleton).toMatchObject({
      instructions: 'Be brief.',
      conversation: { id: 'conv_2' },
      tools: [
        { type: 'function', name: 'f', description: null, parameters: null, strict: null },
        { type: 'mcp' },
      ],
      reasoning: { effort: 'low', summary: null },
      text: { format: { type: 'json_schema', strict: false }, verbosity: 'medium' },
      metadata: { a: 'b' },
      service_tier: 'default',
      presence_penalty: 0.5,
    })
    expect(JSON.stringify(skeleton)).not.toContain('secret')
    const { encoder } = stream([text('a')], { skeleton })
    expect(officialResponseFaults(JSON.parse(encoder.answer()))).toEqual([])
  })
})

test("OpenAI's client reads the stream to its end, or throws what broke it", async () => {
  const read = async (body: string) => {
    const fetch = async () =>
      new Response(body, { headers: { 'content-type': 'text/event-stream' } })
    const client = new OpenAI({ apiKey: 'k', baseURL: 'http://a.example', fetch })
    return client.responses.stream({ model: 'm', input: 'x' }).finalResponse()
  }
  const said = [
    thinking('hm'),
    thought('e'),
    text('Hel'),
    text('lo'),
    call('c'),
    args('{}'),
    finish('tool_calls'),
  ]
  const { text: all } = stream(said)
  expect(await read(all)).toMatchObject({ status: 'completed', output_text: 'Hello' })
  const cancelled = encode(said)
  expect(await read(cancelled.text + cancelled.encoder.cancel())).toMatchObject({
    status: 'cancelled',
  })
  const failed = encode(said)
  const torn = failed.text + failed.encoder.fail(new ApiError('upstream_error', 'It broke.'))
  expect(read(torn)).rejects.toThrow('It broke.')
})

test('a stream of 100,000 events is written in little time and holds the text only', () => {
  const encoder = createResponsesEncoder(responseTerms())
  let bytes = 0
  for (let at = 0; at < 100_000; at++) bytes += encoder.push(text('word ')).length
  expect(bytes).toBeGreaterThan(100_000 * 100)
  expect(encoder.tape()).toBe(`\n${'e'.repeat(100_000)}`)
  expect(encoder.usage().output).toBe(125_000)
})
