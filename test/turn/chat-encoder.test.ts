import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { ChatCompletionStream } from 'openai/lib/ChatCompletionStream'
import { Compile } from 'typebox/schema'
import { ApiError } from '#src/errors'
import { decodeChatAnswer } from '#src/turn/chat/answer-decoder'
import { createChatDecoder } from '#src/turn/chat/decoder'
import { createChatEncoder } from '#src/turn/chat/encode'
import type { StreamTerms } from '#src/turn/chat/native-stream'
import type { CitationEvent, TurnEvent } from '#src/turn/event'
import { readChatUsage } from '#src/turn/usage'
import { accumulate } from '../support/chat-stream'
import { type Definitions, FIXTURE } from '../support/official'
import { piecesOf, readEvents } from '../support/streams'
import { gathered, turnEvents } from '../support/turn-events'

type Json = Record<string, unknown>

const official: Definitions = await Bun.file(FIXTURE).json()
const schema = (name: string) => Compile({ $defs: official, $ref: `#/$defs/${name}` })
const isChunk = schema('CreateChatCompletionStreamResponse')
const isAnswer = schema('CreateChatCompletionResponse')
const isError = schema('ErrorResponse')

function terms(changes: Partial<StreamTerms> = {}): StreamTerms {
  let ids = 0
  return {
    model: 'grok-4',
    includeUsage: false,
    choices: 1,
    showThinking: true,
    promptBytes: 40,
    newId: () => `${++ids}`,
    created: 1700000000,
    ...changes,
  }
}

const decoding = (choices = 1) => ({ ...terms({ choices }), names: new Map() })

function streamOf(events: readonly TurnEvent[], changes: Partial<StreamTerms> = {}): string {
  const encoder = createChatEncoder(terms(changes))
  return events.map((event) => encoder.push(event)).join('') + encoder.end()
}

function answerOf(events: readonly TurnEvent[], changes: Partial<StreamTerms> = {}): string {
  const encoder = createChatEncoder(terms(changes), { stream: false })
  for (const event of events) expect(encoder.push(event)).toBe('')
  expect(encoder.end()).toBe('')
  return encoder.answer()
}

const chunksOf = (events: readonly TurnEvent[], changes?: Partial<StreamTerms>): Json[] =>
  readEvents(streamOf(events, changes)).filter((event) => event !== '[DONE]') as Json[]

const choicesOf = (chunks: readonly Json[]): Json[] =>
  chunks.flatMap(({ choices }) => choices as Json[])

const deltasOf = (events: readonly TurnEvent[], changes?: Partial<StreamTerms>): unknown[] =>
  choicesOf(chunksOf(events, changes)).map(({ delta }) => delta)

const text = (said: string): TurnEvent => ({ type: 'text', choice: 0, text: said })
const call = (id: string, custom = false): TurnEvent => ({
  type: 'call',
  choice: 0,
  id,
  name: 'f',
  custom,
})
const given = (said: string): TurnEvent => ({ type: 'arguments', choice: 0, text: said })
const thinking = (said: string, part = 0): TurnEvent => ({
  type: 'thinking',
  choice: 0,
  text: said,
  part,
})
const thought: TurnEvent = { type: 'thought', choice: 0, encrypted: 'secret' }
const end = (reason: 'stop' | 'tool_calls' = 'stop'): TurnEvent => ({
  type: 'finish',
  choice: 0,
  reason,
})
const cite = (url: string): TurnEvent => ({
  type: 'citation',
  choice: 0,
  citation: { url, title: 'T', start: 0, end: 2 },
})
const usage: TurnEvent = {
  type: 'usage',
  usage: { input: 9, cached: 4, output: 5, reasoning: 3, costTicks: null, source: 'reported' },
}

/** Tells for each event where in its choice's whole text the piece begins that is being said. */
function placesOf() {
  const lengths = new Map<number, { all: number; from: number }>()
  return (event: Exclude<TurnEvent, { readonly type: 'usage' }>): number => {
    const place = lengths.get(event.choice) ?? { all: 0, from: 0 }
    lengths.set(event.choice, place)
    if (event.type === 'text') place.all += event.text.length
    else if (event.type !== 'citation') place.from = place.all
    return place.from
  }
}

const moved = (event: CitationEvent, by: number): CitationEvent => {
  const { start, end } = event.citation
  return { ...event, citation: { ...event.citation, start: start + by, end: end + by } }
}

/** What of an answer chat can carry, as it comes back from chat. */
function throughChat(events: readonly TurnEvent[]): readonly (readonly TurnEvent[])[] {
  const kept: TurnEvent[] = []
  const open = new Map<number, { hasThought: boolean; part: number | undefined; thinks: boolean }>()
  let last: TurnEvent | undefined
  // What ends a piece of text may not be told in chat.
  const [places, keptPlaces] = [placesOf(), placesOf()]
  for (const event of events) {
    if (event.type === 'usage') continue
    const from = places(event)
    if (event.type === 'hosted' || event.type === 'thought') {
      const state = event.type === 'thought' && open.get(event.choice)
      if (state) state.part = undefined
      continue
    }
    const keptFrom = keptPlaces(event)
    if (event.type === 'citation') {
      kept.push(moved(event, from - keptFrom))
      continue
    }
    const state = open.get(event.choice) ?? { hasThought: false, part: undefined, thinks: false }
    open.set(event.choice, state)
    if (event.type === 'thinking') {
      const isNew = state.hasThought && state.part !== event.part
      kept.push({ ...event, part: 0, text: (isNew ? '\n\n' : '') + event.text })
      Object.assign(state, { hasThought: true, part: event.part, thinks: true })
      continue
    }
    if (state.thinks) kept.push({ type: 'thought', choice: event.choice, encrypted: null })
    state.thinks = false
    kept.push(event)
  }
  const { choices } = gathered(kept)
  return choices.map((said) =>
    said.flatMap((event, at) => {
      last = said[at + 1]
      const isBare = event.type === 'call' && !event.custom && last?.type !== 'arguments'
      return isBare ? [event, { type: 'arguments', choice: event.choice, text: '{}' }] : [event]
    }),
  )
}

describe('what comes out is what OpenAI documents', () => {
  const some = turnEvents({ choices: 3 })
  /** OpenAI streams calls of custom tools, but its schema of chunks knows only functions. */
  const isOfficial = (chunk: Json) => {
    const plain = structuredClone(chunk)
    for (const choice of plain.choices as { delta: { tool_calls?: Json[] } }[])
      for (const it of choice.delta.tool_calls ?? []) if (it.type === 'custom') it.type = 'function'
    return isChunk.Errors(plain)
  }

  test('every chunk and every answer, whatever is said', () =>
    fc.assert(
      fc.property(some, fc.boolean(), (events, includeUsage) => {
        for (const chunk of chunksOf(events, { includeUsage }))
          expect(isOfficial(chunk)).toEqual([true, []])
        expect(isAnswer.Errors(JSON.parse(answerOf(events)))).toEqual([true, []])
      }),
    ))

  test('one id for all chunks, roles first, one finish a choice after which nothing comes', () =>
    fc.assert(
      fc.property(some, (events) => {
        const wanted = gathered(events).choices.length
        const stream = streamOf(events, { choices: wanted })
        expect(stream).toEndWith('data: [DONE]\n\n')
        expect(stream.split('data: [DONE]\n\n')).toHaveLength(2)
        const chunks = chunksOf(events, { choices: wanted })
        expect(new Set(chunks.map(({ id }) => id)).size).toBe(1)
        for (let index = 0; index < wanted; index++) {
          const own = choicesOf(chunks).filter((choice) => choice.index === index)
          const roles = own.map(({ delta }) => 'role' in (delta as Json))
          expect(roles).toEqual(roles.map((_, at) => at === 0))
          const ends = own.map(({ finish_reason }) => finish_reason !== null)
          expect(ends).toEqual(ends.map((_, at) => at === ends.length - 1))
          expect(own.at(-1)?.delta).toEqual({})
        }
      }),
    ))

  test('the chunks, put together by hand, are the answer', () =>
    fc.assert(
      fc.property(some, (events) => {
        const changes = { choices: gathered(events).choices.length, includeUsage: true }
        const answer = JSON.parse(answerOf(events, changes))
        expect(accumulate(readEvents(streamOf(events, changes)))).toEqual(answer)
      }),
    ))

  test("the chunks, put together by OpenAI's own SDK, are the answer", () =>
    fc.assert(
      fc.asyncProperty(some, async (events) => {
        const changes = { choices: gathered(events).choices.length }
        const lines = chunksOf(events, changes).map((chunk) => `${JSON.stringify(chunk)}\n`)
        const body = new Response(lines.join('')).body as ReadableStream
        const { choices } =
          await ChatCompletionStream.fromReadableStream(body).finalChatCompletion()
        const answer = JSON.parse(answerOf(events, changes))
        const brief = ({ finish_reason, message }: Json) => {
          const { content, tool_calls } = message as Json
          return { finish_reason, content: content ?? '', tool_calls: tool_calls ?? [] }
        }
        const plain = JSON.parse(JSON.stringify(choices))
        expect(plain.map(brief)).toEqual(answer.choices.map(brief))
      }),
    ))

  test('one encoder gives the stream and the answer, with the same id', () => {
    const encoder = createChatEncoder(terms())
    const stream = encoder.push(text('a')) + encoder.end()
    expect(JSON.parse(encoder.answer()).id).toBe((readEvents(stream)[0] as Json).id)
  })
})

describe('what is written as chat and read again is what was said', () => {
  const some = turnEvents({ choices: 2 })
  const size = fc.oneof(fc.constant(1), fc.integer({ min: 2, max: 2000 }))
  const ends = fc.constantFrom('\n', '\r\n', '\r')

  test('as a stream, wherever the network cuts it', () =>
    fc.assert(
      fc.property(some, size, ends, fc.boolean(), (events, most, lineEnd, includeUsage) => {
        const { choices, usage: told } = gathered(events)
        const stream = streamOf(events, { choices: choices.length, includeUsage })
        const decoder = createChatDecoder(decoding(choices.length))
        const bytes = new TextEncoder().encode(stream.replaceAll('\n', lineEnd))
        const read = piecesOf(bytes, most).flatMap((piece) => [...decoder.push(piece)])
        read.push(...decoder.end())
        expect(decoder.fault()).toBeUndefined()
        expect(gathered(read).choices).toEqual(throughChat(events))
        if (includeUsage && told) expect(gathered(read).usage).toEqual(told)
        if (!includeUsage) expect(gathered(read).usage).toBeUndefined()
      }),
      { numRuns: 300 },
    ))

  test('as a whole: the same of each sort', () =>
    fc.assert(
      fc.property(some, (events) => {
        const { choices, usage: told } = gathered(events)
        const answer = answerOf(events, { choices: choices.length })
        const read = gathered(decodeChatAnswer(answer, decoding(choices.length)))
        for (const [index, said] of throughChat(events).entries())
          expect(sorted(read.choices[index] ?? [])).toEqual(sorted(said))
        if (told) expect(read.usage).toEqual(told)
      }),
    ))

  /** A whole message says one thing of each sort, in a fixed order. */
  function sorted(events: readonly TurnEvent[]) {
    const of = (type: TurnEvent['type']) => events.filter((event) => event.type === type)
    const places = placesOf()
    const citations = events.flatMap((event) => {
      const from = event.type === 'usage' ? 0 : places(event)
      return event.type === 'citation' ? [moved(event, from)] : []
    })
    const said = (type: TurnEvent['type']) =>
      of(type)
        .map((event) => ('text' in event ? event.text : ''))
        .join('')
    const calls: unknown[] = []
    for (const event of events) {
      if (event.type === 'call') calls.push({ ...event, given: '' })
      if (event.type === 'arguments') (calls.at(-1) as { given: string }).given += event.text
    }
    return {
      thinking: said('thinking'),
      text: said('text'),
      logprobs: of('text').flatMap((event) => ('logprobs' in event ? (event.logprobs ?? []) : [])),
      refusal: said('refusal'),
      citations,
      calls,
      finish: of('finish'),
    }
  }
})

const EMPTY = { name: 'f', arguments: '{}' }

describe('chunks', () => {
  test('text costs one chunk a piece, the first of which tells the role (C4)', () => {
    expect(deltasOf([text('a'), text('b"\n'), end()])).toEqual([
      { role: 'assistant', content: 'a' },
      { content: 'b"\n' },
      {},
    ])
  })
  test('a call is one chunk, in however many pieces its arguments came (C9)', () => {
    const called = { type: 'function', function: { name: 'f', arguments: '{"x":1}' } }
    const custom = { type: 'custom', custom: { name: 'f', input: '{"x":1}' } }
    for (const pieces of [['{"x":1}'], ['{"x"', ':', '1}']]) {
      const said = pieces.map(given)
      const calls = [call('a'), ...said, call('b', true), ...said, call('c')]
      expect(deltasOf([text('.'), ...calls, text('!'), end('tool_calls')])).toEqual([
        { role: 'assistant', content: '.' },
        { tool_calls: [{ index: 0, id: 'a', ...called }] },
        { tool_calls: [{ index: 1, id: 'b', ...custom }] },
        { tool_calls: [{ index: 2, id: 'c', type: 'function', function: EMPTY }] },
        { content: '!' },
        {},
      ])
    }
  })
  test('that there is an answer is told before its first call is whole', () => {
    const encoder = createChatEncoder(terms())
    const deltas = (chunks: string) =>
      choicesOf(readEvents(chunks) as Json[]).map(({ delta }) => delta)
    expect(deltas(encoder.push(call('a')))).toEqual([{ role: 'assistant', content: '' }])
    expect(encoder.push(given('{"x"'))).toBe('')
    expect(encoder.fail(new ApiError('upstream_error', 'Over.'))).not.toContain('tool_calls')
  })
  test.each([
    [false, { type: 'function', function: EMPTY }],
    [true, { type: 'custom', custom: { name: 'f', input: '' } }],
  ])('a call without arguments is told of all the same (custom: %p, C8)', (custom, told) => {
    for (const next of [[], [text('x')], [call('b')], [end()]]) {
      const [, called] = deltasOf([call('a', custom), ...next]) as Json[]
      expect(called?.tool_calls).toEqual([{ index: 0, id: 'a', ...told }])
    }
  })
  test('thoughts are one text: a blank line between parts, and between thoughts', () => {
    const events = [thinking('a'), thinking('b'), thinking('c', 1), thought, thinking('d'), end()]
    const said = deltasOf(events).map((delta) => (delta as Json).reasoning_content)
    expect(said).toEqual(['a', 'b', '\n\nc', '\n\nd', undefined])
    expect(streamOf(events)).not.toContain('secret')
    expect(deltasOf(events, { showThinking: false })).toEqual([
      { role: 'assistant', content: '' },
      {},
    ])
  })
  test('sources are told where they are cited, and their addresses once more at the end', () => {
    const events = [text('ab'), cite('https://a'), cite('https://b'), cite('https://a'), end()]
    const chunks = chunksOf(events)
    expect((deltasOf(events)[1] as Json).annotations).toEqual([
      {
        type: 'url_citation',
        url_citation: { start_index: 0, end_index: 2, url: 'https://a', title: 'T' },
      },
    ])
    expect(chunks.map(({ citations }) => citations)).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
      ['https://a', 'https://b'],
    ])
    const answer = JSON.parse(answerOf(events))
    expect(answer.citations).toEqual(['https://a', 'https://b'])
    expect(answer.choices[0].message.annotations).toHaveLength(3)
  })
  test('what a search of the upstream found is told at the end as well', () => {
    const sources = ['https://b', 'https://c'].map((url) => ({ type: 'url', url }))
    const action = { type: 'search', query: 'q', sources: [...sources, { type: 'api' }, 'x'] }
    const item = { type: 'web_search_call', id: 'ws_1', action }
    const hosted: TurnEvent = { type: 'hosted', choice: 0, item, done: true }
    const events = [hosted, text('ab'), cite('https://a'), cite('https://c'), end()]
    const found = ['https://b', 'https://c', 'https://a']
    expect(chunksOf(events).at(-1)?.citations).toEqual(found)
    const answer = JSON.parse(answerOf(events))
    expect(answer.citations).toEqual(found)
    expect(answer.choices[0].message.annotations).toHaveLength(2)
  })
  test('hosted tools have no counterpart', () => {
    const item = { type: 'web_search_call', id: 'ws_1' }
    const hosted: TurnEvent = { type: 'hosted', choice: 0, item, done: true }
    expect(deltasOf([hosted, text('a'), end()])).toEqual([{ role: 'assistant', content: 'a' }, {}])
  })
})

describe('a client that gives the deprecated functions', () => {
  const legacy = { legacyCalls: true, choices: 2 }
  const other = [
    { ...call('d'), choice: 1 },
    { type: 'finish', choice: 1, reason: 'tool_calls' },
  ] as const
  const events: readonly TurnEvent[] = [
    ...[call('a'), given('{"x"'), given(':1}'), call('b'), given('{}'), end('tool_calls')],
    ...(other as readonly TurnEvent[]),
  ]
  const called = { name: 'f', arguments: '{"x":1}' }

  test('is told of one call, where it looks for it, in a stream', () => {
    const choices = choicesOf(chunksOf(events, legacy))
    expect(choices.map(({ index, delta, finish_reason }) => [index, delta, finish_reason])).toEqual(
      [
        [0, { role: 'assistant', content: '' }, null],
        [0, { function_call: called }, null],
        [0, {}, 'function_call'],
        [1, { role: 'assistant', content: '' }, null],
        [1, { function_call: EMPTY }, null],
        [1, {}, 'function_call'],
      ],
    )
    for (const chunk of chunksOf(events, legacy)) expect(isChunk.Check(chunk)).toBe(true)
  })

  test('is told the same in a whole answer', () => {
    const answer = JSON.parse(answerOf(events, legacy))
    expect(isAnswer.Check(answer)).toBe(true)
    const message = { role: 'assistant', content: null, refusal: null }
    expect(answer.choices).toEqual([
      ...[called, EMPTY].map((function_call, index) => ({
        ...{ index, finish_reason: 'function_call', logprobs: null },
        message: { ...message, function_call },
      })),
    ])
  })

  test('reads an answer without a call as anybody does', () => {
    const said = [text('Hi'), end()]
    expect(answerOf(said, { legacyCalls: true })).toBe(answerOf(said))
    expect(streamOf(said, { legacyCalls: true })).toBe(streamOf(said))
  })
})

describe('usage (C1, C2)', () => {
  test('asked for: null in all chunks, then one chunk without choices before [DONE]', () => {
    const chunks = chunksOf([usage, text('a'), end()], { includeUsage: true })
    expect(chunks.slice(0, -1).map((chunk) => chunk.usage)).toEqual([null, null])
    expect(chunks.at(-1)).toMatchObject({
      choices: [],
      usage: { prompt_tokens: 9, completion_tokens: 5, total_tokens: 14 },
    })
  })
  test('not asked for: in no chunk, and none is empty', () => {
    for (const chunk of chunksOf([text('a'), end(), usage])) {
      expect(chunk).not.toHaveProperty('usage')
      expect(chunk.choices).toHaveLength(1)
    }
  })
  test('never said: estimated, and marked, in the stream, in the answer and for the ledger', () => {
    const events = [text('four'), call('a'), given('{"x":"é"}'), end()]
    const chunk = chunksOf(events, { includeUsage: true }).at(-1)
    const estimate = { prompt_tokens: 10, completion_tokens: 4, estimated: true }
    expect(chunk?.usage).toMatchObject(estimate)
    expect(JSON.parse(answerOf(events)).usage).toMatchObject(estimate)
    const encoder = createChatEncoder(terms())
    for (const event of events) encoder.push(event)
    expect(encoder.usage()).toMatchObject({ output: 4, source: 'estimated' })
  })
  test('said: what is told is what was said', () => {
    const encoder = createChatEncoder(terms())
    encoder.push(usage)
    expect(encoder.usage()).toBe((usage as { usage: object }).usage as never)
    expect(readChatUsage(JSON.parse(encoder.answer()).usage)).toEqual(encoder.usage())
  })
})

describe('the end', () => {
  test.each([
    ['text', [text('a')], 'stop'],
    ['a call', [call('a')], 'tool_calls'],
    ['nothing', [], 'stop'],
  ] as [string, TurnEvent[], string][])('after %s without a finish', (_, events, reason) => {
    const last = choicesOf(chunksOf(events)).at(-1)
    expect(last).toMatchObject({ delta: {}, finish_reason: reason })
    expect(JSON.parse(answerOf(events)).choices[0].finish_reason).toBe(reason)
  })
  test('no choice is missing (C11)', () => {
    const second: TurnEvent = { type: 'text', choice: 1, text: 'b' }
    const ends = choicesOf(chunksOf([second], { choices: 2 })).filter((it) => it.finish_reason)
    expect(ends.map(({ index }) => index).sort()).toEqual([0, 1])
    const { choices } = JSON.parse(answerOf([second], { choices: 2 }))
    expect(choices.map((it: Json) => [it.index, (it.message as Json).content])).toEqual([
      [0, ''],
      [1, 'b'],
    ])
  })
  test('an answer that broke off says why, and has neither a finish nor [DONE] (C16)', () => {
    const encoder = createChatEncoder(terms())
    const stream = encoder.push(text('a')) + encoder.fail(new ApiError('upstream_error', 'Gone.'))
    const error = readEvents(stream).at(-1)
    expect(error).toEqual({
      error: { message: 'Gone.', type: 'server_error', param: null, code: 'upstream_error' },
    })
    expect(isError.Errors(error)).toEqual([true, []])
    expect(stream).not.toContain('"finish_reason":"')
  })
})

describe('a message', () => {
  test.each([
    ['calls and no text (C6)', [call('a')], null],
    ['calls and text', [text('a'), call('a')], 'a'],
    ['a refusal (C24)', [{ type: 'refusal', choice: 0, text: 'No.' }], null],
    ['thoughts only', [thinking('a')], ''],
  ] as [string, TurnEvent[], unknown][])('with %s', (_, events, content) => {
    expect(JSON.parse(answerOf(events)).choices[0].message.content).toBe(content)
  })
  test('has what chat has a place for', () => {
    const logprobs = [{ token: 'a', logprob: -1, bytes: [97], top_logprobs: [] }]
    const events: TurnEvent[] = [
      thinking('hm'),
      { type: 'text', choice: 0, text: 'a', logprobs },
      { type: 'refusal', choice: 0, text: 'No.' },
      call('c', true),
      given('go'),
    ]
    expect(JSON.parse(answerOf(events)).choices[0]).toEqual({
      index: 0,
      message: {
        role: 'assistant',
        content: 'a',
        refusal: 'No.',
        reasoning_content: 'hm',
        tool_calls: [{ id: 'c', type: 'custom', custom: { name: 'f', input: 'go' } }],
      },
      finish_reason: 'tool_calls',
      logprobs: { content: logprobs, refusal: null },
    })
    const [, second] = choicesOf(chunksOf(events))
    expect(second?.logprobs).toEqual({ content: logprobs, refusal: null })
  })
  test('cannot be had of an encoder that was told to keep nothing', () => {
    const encoder = createChatEncoder(terms(), { whole: false })
    encoder.push(text('a'))
    expect(encoder.answer).toThrow('stream only')
  })
})
