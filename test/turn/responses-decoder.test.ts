import { heapStats } from 'bun:jsc'
import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import type { DecoderTerms } from '#src/turn/codec'
import type { Logprob, TurnEvent } from '#src/turn/event'
import { createResponsesDecoder, decodeResponsesAnswer } from '#src/turn/responses/decoder'
import { createResponsesEncoder } from '#src/turn/responses/encoder'
import { HOSTED } from '#src/turn/responses/hosted-kinds'
import { readResponseStream } from '../support/response-order'
import { encode, HOSTED_SAMPLES, responseTerms } from '../support/response-samples'
import { piecesOf } from '../support/streams'
import { gathered, turnEvents } from '../support/turn-events'

type Json = Record<string, unknown>

const terms = (given: Partial<DecoderTerms> = {}): DecoderTerms => {
  let ids = 0
  return { choices: 1, newId: () => `made${++ids}`, names: new Map(), ...given }
}

/** Read a whole stream in pieces of a size. */
function decode(text: string, given: Partial<DecoderTerms> = {}, size = 1 << 20) {
  const decoder = createResponsesDecoder(terms(given))
  const events: TurnEvent[] = []
  for (const piece of piecesOf(new TextEncoder().encode(text), size))
    events.push(...decoder.push(piece))
  events.push(...decoder.end())
  return { events, decoder }
}

const sse = (events: readonly Json[]) =>
  events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join('')

const bytesOf = (token: string) => [...new TextEncoder().encode(token)]

const likely = (it: Logprob): Logprob => ({
  ...it,
  bytes: it.bytes ?? bytesOf(it.token),
  top_logprobs: it.top_logprobs.map((other) => ({
    ...other,
    bytes: other.bytes ?? bytesOf(other.token),
  })),
})

/** What is left of events when they went through the wire: ids of items are ours. */
function carried(events: readonly TurnEvent[], isWhole = false): TurnEvent[] {
  const out: TurnEvent[] = []
  for (const [at, event] of events.entries()) {
    const next = events[at + 1]
    if (event.type === 'usage') {
      const { source, input, output } = event.usage
      if (source === 'reported' && input + output > 0) out.push(event)
    } else if (event.type === 'text' && event.logprobs)
      out.push({ ...event, logprobs: event.logprobs.map(likely) })
    else if (event.type === 'hosted') {
      if (isWhole && !event.done) continue
      const { id: _, ...item } = event.item
      out.push({ ...event, item })
    } else out.push(event)
    const isBare = event.type === 'call' && !event.custom && next?.type !== 'arguments'
    const isCut = next?.type === 'finish' && next.reason !== 'stop' && next.reason !== 'tool_calls'
    if (isBare && !isCut) out.push({ type: 'arguments', choice: 0, text: '{}' })
  }
  const last = out.findIndex(({ type }) => type === 'finish')
  const [finish] = out.splice(last, 1)
  const usage = out.filter(({ type }) => type === 'usage')
  const said = out.filter(({ type }) => type !== 'usage')
  const { choices } = gathered([...(isWhole ? citedLast(said) : said), finish as TurnEvent])
  return [...(choices[0] ?? []), ...usage]
}

/** A whole answer does not tell where in its text a source was cited, nor when a tool began. */
function citedLast(events: readonly TurnEvent[]): TurnEvent[] {
  const out: TurnEvent[] = []
  let citations: TurnEvent[] = []
  for (const event of events) {
    if (event.type === 'citation') citations.push(event)
    else if (event.type === 'text') out.push(event)
    else {
      out.push(...citations, event)
      citations = []
    }
  }
  return [...out, ...citations]
}

describe('what our own stream says is read again', () => {
  const shows = { includeEncrypted: true, includeLogprobs: true }

  test('whatever was said, and however the network cut it', () =>
    fc.assert(
      fc.property(turnEvents(), fc.integer({ min: 1, max: 400 }), (events, size) => {
        const { encoder, text } = encode(events, shows)
        const { events: read, decoder } = decode(text + encoder.end(), {}, size)
        expect(decoder.fault()).toBeUndefined()
        expect(decoder.isDone()).toBe(true)
        expect(carried(read)).toEqual(carried(events))
      }),
      { numRuns: 300 },
    ))

  test('as one answer, too', () =>
    fc.assert(
      fc.property(turnEvents(), (events) => {
        const { encoder } = encode(events, { ...shows, stream: false })
        encoder.end()
        const read = decodeResponsesAnswer(encoder.answer(), terms())
        expect(carried(read, true)).toEqual(carried(events, true))
      }),
    ))

  test.each(HOSTED_SAMPLES)('%j of a hosted tool', (first, last) => {
    const id = 'up_1'
    const { encoder, text } = encode([
      { type: 'hosted', choice: 0, item: { ...first, id }, done: false },
      { type: 'hosted', choice: 0, item: { ...last, id }, done: true },
    ])
    const { events } = decode(text + encoder.end())
    const kind = HOSTED.get(first.type)
    const tools = events.flatMap((event) => (event.type === 'hosted' ? [event] : []))
    expect(tools.map(({ done }) => done)).toEqual([false, true])
    expect(tools.map(({ item }) => kind?.read(item))).toEqual(
      [first, last].map((item) => kind?.read({ ...item, id })),
    )
  })
})

describe('events in another order, padded, with spaces', () => {
  const written = (event: Json, spaces: number, padding: string) => {
    const { sequence_number, ...rest } = event
    const padded = 'delta' in rest ? { ...rest, obfuscation: padding } : rest
    return `data: ${JSON.stringify({ ...padded, sequence_number }, null, spaces).replaceAll('\n', ' ')}\n\n`
  }

  test('mean the same', () =>
    fc.assert(
      fc.property(
        turnEvents(),
        fc.nat({ max: 1 }),
        fc.array(fc.string({ unit: 'binary', maxLength: 4 }), { minLength: 1 }),
        (events, spaces, paddings) => {
          const { encoder, text } = encode(events, {
            includeEncrypted: true,
            includeLogprobs: true,
          })
          const { events: told } = readResponseStream(text + encoder.end())
          const other = told.map((event, at) =>
            written(event, spaces, paddings[at % paddings.length] ?? ''),
          )
          expect(carried(decode(other.join('')).events)).toEqual(carried(events))
        },
      ),
    ))
})

test('a stream of 300,000 pieces takes little more memory than its text', () => {
  const decoder = createResponsesDecoder(terms())
  const encoder = createResponsesEncoder(responseTerms())
  const bytes = new TextEncoder()
  const feed = (from: number, to: number) => {
    for (let at = from; at < to; at++) {
      const event = {
        ...textDelta(0, `w${at % 10} `),
        sequence_number: at,
        padding: 'x'.repeat(100),
      }
      for (const said of decoder.push(bytes.encode(`data: ${JSON.stringify(event)}\n\n`)))
        encoder.push(said)
    }
    Bun.gc(true)
    return heapStats().heapSize
  }
  const before = feed(0, 1000)
  const after = feed(1000, 300_000)
  expect(after - before).toBeLessThan(12_000_000)
  expect(encoder.usage().output).toBe(225_000)
})

/** Events of an upstream, numbered by nobody. */
const added = (output_index: unknown, item: Json) => ({
  type: 'response.output_item.added',
  output_index,
  item,
})
const done = (output_index: unknown, item: Json) => ({
  type: 'response.output_item.done',
  output_index,
  item,
})
const textDelta = (output_index: unknown, delta: string) => ({
  type: 'response.output_text.delta',
  output_index,
  content_index: 0,
  delta,
})
const completed = (output: readonly Json[] = [], rest: Json = {}) => ({
  type: 'response.completed',
  response: { object: 'response', status: 'completed', output, ...rest },
})
const message = (text: string, rest: Json = {}) => ({
  type: 'message',
  id: 'msg',
  role: 'assistant',
  content: [{ type: 'output_text', text, annotations: [] }],
  ...rest,
})

const said = (events: readonly TurnEvent[], of: string) =>
  events.map((event) => (event.type === of && 'text' in event ? event.text : '')).join('')

const kinds = (events: readonly TurnEvent[]) => events.map(({ type }) => type)

describe('text', () => {
  const forms: readonly (readonly [string, readonly Json[]])[] = [
    [
      'in deltas and whole',
      [
        added(0, message('')),
        textDelta(0, 'Hel'),
        textDelta(0, 'lo'),
        { type: 'response.output_text.done', output_index: 0, content_index: 0, text: 'Hello' },
        {
          type: 'response.content_part.done',
          output_index: 0,
          content_index: 0,
          part: { type: 'output_text', text: 'Hello' },
        },
        done(0, message('Hello')),
        completed([message('Hello')]),
      ],
    ],
    [
      'in a done event only',
      [
        added(0, message('')),
        { type: 'response.output_text.done', output_index: 0, content_index: 0, text: 'Hello' },
        completed([message('Hello')]),
      ],
    ],
    [
      'in its part only',
      [
        added(0, message('')),
        {
          type: 'response.content_part.done',
          output_index: 0,
          content_index: 0,
          part: { type: 'output_text', text: 'Hello' },
        },
        completed(),
      ],
    ],
    ['in its item only', [done(0, message('Hello')), completed([message('Hello')])]],
    ['in the last event only', [completed([message('Hello')])]],
    [
      'in part in the last event only',
      [added(0, message('')), textDelta(0, 'Hel'), completed([message('Hello')])],
    ],
    ['without its item', [textDelta(0, 'Hel'), textDelta(0, 'lo'), completed([message('Hello')])]],
    [
      'with other ids in the end',
      [
        added(0, message('')),
        textDelta(0, 'Hello'),
        completed([message('Hello', { id: 'other' })]),
      ],
    ],
    [
      'without ids',
      [
        added(0, message('', { id: '' })),
        textDelta(0, 'Hello'),
        done(0, message('Hello', { id: '' })),
        completed([message('Hello', { id: '' })]),
      ],
    ],
    [
      'without places',
      [
        added(undefined, message('')),
        textDelta(undefined, 'Hello'),
        done(undefined, message('Hello')),
        completed([message('Hello')]),
      ],
    ],
    [
      'among events of its own',
      [
        { type: 'ping' },
        added(0, message('')),
        { type: 'keepalive' },
        textDelta(0, ''),
        textDelta(0, 'Hello'),
        { type: 'response.dance', item_id: 'x' },
        { type: 'response.done', response: { status: 'completed', output: [message('Hello')] } },
        completed([message('Hello')]),
      ],
    ],
  ]
  test.each(forms)('%s comes out once', (_, upstream) => {
    const { events, decoder } = decode(sse(upstream))
    expect(said(events, 'text')).toBe('Hello')
    expect(events.at(-1)).toEqual({ type: 'finish', choice: 0, reason: 'stop' })
    expect(decoder.fault()).toBeUndefined()
  })

  test('keeps its sources, once each, with what they leave out', () => {
    const annotations = [
      { type: 'url_citation', url: 'https://a.example/' },
      { type: 'url_citation', url: 'https://b.example/', title: 'B', start_index: 1, end_index: 2 },
      { type: 'file_citation', file_id: 'f' },
    ]
    const whole = message('Hello', {
      content: [{ type: 'output_text', text: 'Hello', annotations }],
    })
    const told = {
      type: 'response.output_text.annotation.added',
      output_index: 0,
      content_index: 0,
      annotation_index: 0,
      annotation: annotations[0],
    }
    const { events } = decode(
      sse([added(0, message('')), textDelta(0, 'Hello'), told, done(0, whole), completed([whole])]),
    )
    expect(events.flatMap((event) => (event.type === 'citation' ? [event.citation] : []))).toEqual([
      { url: 'https://a.example/', title: 'https://a.example/', start: 5, end: 5 },
      { url: 'https://b.example/', title: 'B', start: 1, end: 2 },
    ])
  })

  test('keeps refusals and likelihoods', () => {
    const { events } = decode(
      sse([
        added(0, message('')),
        { ...textDelta(0, 'a'), logprobs: [{ token: 'a', logprob: -1 }] },
        { type: 'response.refusal.delta', output_index: 0, content_index: 1, delta: 'No.' },
        { type: 'response.refusal.done', output_index: 0, content_index: 1, refusal: 'No.' },
        completed(),
      ]),
    )
    expect(events.slice(0, 2)).toEqual([
      {
        type: 'text',
        choice: 0,
        text: 'a',
        logprobs: [{ token: 'a', logprob: -1, bytes: null, top_logprobs: [] }],
      },
      { type: 'refusal', choice: 0, text: 'No.' },
    ])
  })
})

describe('thoughts', () => {
  const reasoning = (rest: Json = {}) => ({ type: 'reasoning', id: '', summary: [], ...rest })
  const own = (delta: string) => ({
    type: 'response.reasoning_text.delta',
    output_index: 0,
    content_index: 0,
    delta,
  })
  const summary = (delta: string, index = 0) => ({
    type: 'response.reasoning_summary_text.delta',
    output_index: 0,
    summary_index: index,
    delta,
  })

  test('come in their own words or as a summary, and end with what only the upstream can read', () => {
    for (const delta of [own, summary]) {
      const { events } = decode(
        sse([
          added(0, reasoning()),
          delta('Hm'),
          delta('m'),
          done(0, reasoning({ encrypted_content: 'e' })),
          completed(),
        ]),
      )
      expect(events.slice(0, 3)).toEqual([
        { type: 'thinking', choice: 0, text: 'Hm', part: 0 },
        { type: 'thinking', choice: 0, text: 'm', part: 0 },
        { type: 'thought', choice: 0, encrypted: 'e' },
      ])
    }
  })

  test('are told once where both are told, and paragraph by paragraph', () => {
    const whole = reasoning({
      summary: [
        { type: 'summary_text', text: 'a' },
        { type: 'summary_text', text: 'b' },
      ],
      content: [{ type: 'reasoning_text', text: 'long' }],
    })
    const { events } = decode(
      sse([
        added(0, reasoning()),
        summary('a'),
        own('long'),
        summary('b', 1),
        done(0, whole),
        completed([whole]),
      ]),
    )
    expect(
      events.flatMap((event) => (event.type === 'thinking' ? [[event.text, event.part]] : [])),
    ).toEqual([
      ['a', 0],
      ['b', 1],
    ])
    expect(kinds(decode(sse([completed([whole])])).events)).toEqual([
      'thinking',
      'thinking',
      'thought',
      'finish',
    ])
  })

  test('repeat no placeholder, but what may honestly repeat', () => {
    const { events } = decode(
      sse([
        added(0, reasoning()),
        ...['Thinking… ', 'Thinking… ', 'ha', 'ha'].map(own),
        completed(),
      ]),
    )
    expect(said(events, 'thinking')).toBe('Thinking… haha')
  })

  test('that nobody shows are told if their upstream can read them', () => {
    const { events } = decode(
      sse([
        done(0, reasoning({ encrypted_content: 'e' })),
        done(1, reasoning()),
        done(2, message('a')),
        completed(),
      ]),
    )
    expect(kinds(events)).toEqual(['thought', 'text', 'finish'])
  })

  test('that end late do not cut the text in two', () => {
    const { events } = decode(
      sse([
        added(0, reasoning()),
        own('Hm'),
        added(1, message('')),
        textDelta(1, 'a'),
        done(0, reasoning({ encrypted_content: 'e' })),
        textDelta(1, 'b'),
        done(1, message('ab')),
        completed(),
      ]),
    )
    expect(kinds(events)).toEqual(['thinking', 'text', 'text', 'thought', 'finish'])
  })

  test('that come with the last event only are told all the same', () => {
    const { events } = decode(
      sse([
        added(0, message('')),
        textDelta(0, 'a'),
        completed([message('a'), reasoning({ encrypted_content: 'e' })]),
      ]),
    )
    expect(kinds(events)).toEqual(['text', 'thought', 'finish'])
  })
})

describe('calls', () => {
  const call = (id: string, args: unknown, rest: Json = {}) => ({
    type: 'function_call',
    id: `fc_${id}`,
    call_id: id,
    name: `f_${id}`,
    arguments: args,
    ...rest,
  })
  const delta = (output_index: number, text: string) => ({
    type: 'response.function_call_arguments.delta',
    output_index,
    delta: text,
  })
  const over = (output_index: number, args: string) => ({
    type: 'response.function_call_arguments.done',
    output_index,
    arguments: args,
  })
  const calls = (events: readonly TurnEvent[]) => {
    const out: Json[] = []
    for (const event of events) {
      if (event.type === 'call') out.push({ id: event.id, name: event.name, args: '' })
      const last = out.at(-1)
      if (event.type === 'arguments' && last) last.args += event.text
    }
    return out
  }
  const a = { id: 'a', name: 'f_a', args: '{"x":1}' }
  const b = { id: 'b', name: 'f_b', args: '{"y":2}' }

  const forms: readonly (readonly [string, readonly Json[]])[] = [
    [
      'in pieces',
      [
        added(0, call('a', '')),
        delta(0, '{"x"'),
        delta(0, ':1}'),
        over(0, a.args),
        done(0, call('a', a.args)),
        added(1, call('b', '')),
        delta(1, b.args),
        done(1, call('b', b.args)),
      ],
    ],
    [
      'whole, in the item',
      [
        added(0, call('a', a.args)),
        done(0, call('a', a.args)),
        added(1, call('b', b.args)),
        done(1, call('b', b.args)),
      ],
    ],
    [
      'whole, and again in pieces',
      [
        added(0, call('a', a.args)),
        delta(0, a.args),
        over(0, a.args),
        added(1, call('b', b.args)),
        delta(1, b.args),
        over(1, b.args),
      ],
    ],
    [
      'when they begin, and never again',
      [added(0, call('a', a.args)), added(1, call('b', b.args))],
    ],
    ['when they are done only', [done(0, call('a', a.args)), done(1, call('b', b.args))]],
    [
      'by the done event of the arguments',
      [added(0, call('a', '')), over(0, a.args), added(1, call('b', '')), over(1, b.args)],
    ],
    [
      'woven into each other',
      [
        added(0, call('a', '')),
        added(1, call('b', '')),
        delta(0, '{"x"'),
        delta(1, '{"y"'),
        delta(0, ':1}'),
        delta(1, ':2}'),
        over(1, b.args),
        over(0, a.args),
      ],
    ],
    [
      'the second one over first',
      [
        added(0, call('a', '')),
        added(1, call('b', '')),
        delta(1, b.args),
        done(1, call('b', b.args)),
        delta(0, a.args),
        done(0, call('a', a.args)),
      ],
    ],
    ['with values for arguments', [done(0, call('a', { x: 1 })), done(1, call('b', { y: 2 }))]],
    [
      'at one place',
      [
        added(0, call('a', '')),
        delta(0, a.args),
        done(0, call('a', a.args)),
        added(0, call('b', '')),
        delta(0, b.args),
        done(0, call('b', b.args)),
      ],
    ],
    ['in the last event only', []],
  ]
  test.each(forms)('that come %s stay two, with all their arguments (C7)', (_, upstream) => {
    const whole = completed([call('a', a.args), call('b', b.args)])
    const { events } = decode(sse([...upstream, whole]))
    expect(calls(events)).toEqual([a, b])
    expect(events.at(-1)).toMatchObject({ type: 'finish', reason: 'tool_calls' })
  })

  test('interrupt no other item', () => {
    const { events } = decode(
      sse([
        added(0, call('a', '')),
        added(1, message('')),
        textDelta(1, 'Hi'),
        delta(0, a.args),
        done(0, call('a', a.args)),
        textDelta(1, '!'),
        completed(),
      ]),
    )
    expect(kinds(events)).toEqual(['call', 'arguments', 'text', 'text', 'finish'])
  })

  test('have the names and forms of the tools of the client', () => {
    const names = new Map([
      ['fs__read', { name: 'read', namespace: 'fs', custom: false }],
      ['patch', { name: 'patch', custom: true }],
    ])
    const { events } = decode(
      sse([
        done(0, { type: 'function_call', call_id: 'a', name: 'fs__read', arguments: '{}' }),
        added(1, { type: 'function_call', call_id: 'b', name: 'patch', arguments: '' }),
        delta(1, '{"input":"*** '),
        delta(1, 'Begin"}'),
        done(1, {
          type: 'function_call',
          call_id: 'b',
          name: 'patch',
          arguments: '{"input":"*** Begin"}',
        }),
        done(2, { type: 'custom_tool_call', call_id: 'c', name: 'own', input: 'x' }),
        completed(),
      ]),
      { names },
    )
    expect(events.slice(0, -1)).toEqual([
      { type: 'call', choice: 0, id: 'a', name: 'read', custom: false, namespace: 'fs' },
      { type: 'arguments', choice: 0, text: '{}' },
      { type: 'call', choice: 0, id: 'b', name: 'patch', custom: true },
      { type: 'arguments', choice: 0, text: '*** Begin' },
      { type: 'call', choice: 0, id: 'c', name: 'own', custom: true },
      { type: 'arguments', choice: 0, text: 'x' },
    ])
  })

  test('without an id get one', () => {
    const { events } = decode(
      sse([done(0, { type: 'function_call', name: 'f', arguments: '{}' }), completed()]),
    )
    expect(events[0]).toMatchObject({ type: 'call', id: 'call_made1' })
  })
})

describe("xAI's own tools", () => {
  const tools: readonly (readonly [string, Json, Json])[] = [
    [
      'a search of X',
      {
        type: 'custom_tool_call',
        id: 'x',
        call_id: 'x',
        name: 'x_keyword_search',
        input: '{"query":"moss"}',
      },
      { type: 'web_search_call', action: { type: 'search', query: 'moss' } },
    ],
    [
      'a search of X in its other form',
      { type: 'x_search_call', id: 'x', action: { query: 'moss' } },
      { type: 'web_search_call', action: { type: 'search', query: 'moss' } },
    ],
    [
      'code',
      { type: 'code_execution_call', id: 'x', code: '1', outputs: [] },
      { type: 'code_interpreter_call', code: '1' },
    ],
    [
      'a search of the web',
      { type: 'web_search_call', id: '', action: { type: 'search', query: 'moss' } },
      { type: 'web_search_call', action: { query: 'moss' } },
    ],
  ]
  test.each(tools)('%s is one that OpenAI has', (_, item, wanted) => {
    const { events } = decode(
      sse([
        added(0, { ...item, status: 'in_progress' }),
        { type: 'response.x_search_call.searching', output_index: 0 },
        done(0, item),
        completed([item, message('a')]),
      ]),
    )
    expect(events.map((event) => (event.type === 'hosted' ? event.done : event.type))).toEqual([
      false,
      true,
      'text',
      'finish',
    ])
    expect(events[1]).toMatchObject({ item: wanted })
    expect(events.at(-1)).toMatchObject({ reason: 'stop' })
    const encoder = createResponsesEncoder(responseTerms())
    for (const event of events) encoder.push(event)
    encoder.end()
    expect(JSON.parse(encoder.answer()).output).toMatchObject([
      { ...wanted, status: 'completed' },
      { type: 'message' },
    ])
  })

  const tool = (id: string, status: string) => ({ type: 'web_search_call', id, status })

  test('keep apart when they run at once', () => {
    const { events } = decode(
      sse([
        added(0, tool('a', 'in_progress')),
        added(1, tool('b', 'in_progress')),
        done(1, tool('b', 'completed')),
        done(0, tool('a', 'completed')),
        done(2, message('c')),
        completed(),
      ]),
    )
    const told = events.map((event) =>
      event.type === 'hosted' ? [event.item.id, event.done] : event.type,
    )
    expect(told).toEqual([['a', false], ['a', true], ['b', false], ['b', true], 'text', 'finish'])
  })

  test('hold no text back when nobody says that they are done', () => {
    const decoder = createResponsesDecoder(terms())
    const push = (...events: readonly Json[]) => decoder.push(new TextEncoder().encode(sse(events)))
    push(added(0, tool('a', 'in_progress')), added(1, message('')))
    expect(kinds(push(textDelta(1, 'Hi')))).toEqual(['text'])
  })

  test('of a kind that nobody knows is left out', () => {
    const { events } = decode(
      sse([done(0, { type: 'dance_call', id: 'd' }), done(1, message('a')), completed()]),
    )
    expect(kinds(events)).toEqual(['text', 'finish'])
  })
})

describe('the end', () => {
  const begin = [added(0, message('')), textDelta(0, 'a')]
  const reasons: readonly (readonly [string, string])[] = [
    ['max_output_tokens', 'length'],
    ['max_prompt_tokens', 'length'],
    ['max_time_limit', 'length'],
    ['content_filter', 'content_filter'],
  ]
  test.each(reasons)('incomplete for %s is %s', (reason, meant) => {
    const response = { status: 'incomplete', incomplete_details: { reason }, output: [] }
    const { events } = decode(sse([...begin, { type: 'response.incomplete', response }]))
    expect(events.at(-1)).toEqual({ type: 'finish', choice: 0, reason: meant as 'length' })
  })

  test('needs no [DONE], and [DONE] no last event', () => {
    expect(decode(sse([...begin, completed()])).decoder.isDone()).toBe(true)
    const stopped = decode(`${sse(begin)}data: [DONE]\n\n`)
    expect(stopped.decoder.isDone()).toBe(true)
    expect(stopped.events.at(-1)).toMatchObject({ type: 'finish' })
  })

  const torn: readonly (readonly [string, string])[] = [
    ['nothing at all', ''],
    ['no end', sse(begin)],
    ['[DONE] alone', 'data: [DONE]\n\n'],
    ['an empty answer', sse([completed()])],
    [
      'a cancelled one',
      sse([...begin, { type: 'response.done', response: { status: 'cancelled' } }]),
    ],
  ]
  test.each(torn)('%s is a broken answer', (_, text) => {
    const { decoder, events } = decode(text)
    expect(decoder.fault()).toMatchObject({ kind: 'broken' })
    expect(decoder.isDone()).toBe(false)
    expect(kinds(events)).not.toContain('finish')
  })

  test('brings the usage, with what xAI counts and costs', () => {
    const usage = {
      input_tokens: 32,
      input_tokens_details: { cached_tokens: 6 },
      output_tokens: 9,
      output_tokens_details: { reasoning_tokens: 110 },
      total_tokens: 151,
      cost_in_usd_ticks: 77,
    }
    const { events } = decode(sse([...begin, completed([], { usage })]))
    expect(events.at(-1)).toEqual({
      type: 'usage',
      usage: {
        input: 32,
        cached: 6,
        output: 119,
        reasoning: 110,
        costTicks: 77,
        source: 'reported',
      },
    })
  })
})

describe('an error within the stream', () => {
  const errors: readonly (readonly [string, Json, number])[] = [
    ['flat', { type: 'error', code: 529, message: 'Overloaded' }, 529],
    [
      'flat, as OpenAI has it',
      { type: 'error', code: 'rate_limit_exceeded', message: 'Slow down', param: null },
      429,
    ],
    ['nested', { type: 'error', status: 503, error: { message: 'Down' } }, 503],
    ['as xAI sends it', { code: 'The service is currently unavailable', error: 'Later' }, 503],
    [
      'in a failed Response',
      {
        type: 'response.failed',
        response: { status: 'failed', error: { code: 'server_error', message: 'x' } },
      },
      502,
    ],
    [
      'in a failed Response for its request',
      {
        type: 'response.failed',
        response: { status: 'failed', error: { code: 'invalid_prompt', message: 'x' } },
      },
      400,
    ],
    [
      'in a failed Response that is silent',
      { type: 'response.failed', response: { status: 'failed', error: null } },
      502,
    ],
    [
      'in a Response that is done',
      completed([], { status: 'failed', error: { code: 'rate_limit_exceeded', message: 'x' } }),
      429,
    ],
  ]
  test.each(errors)('%s is a fault, and what came before is good', (_, event, status) => {
    const { decoder, events } = decode(
      sse([added(0, message('')), textDelta(0, 'abc'), event, textDelta(0, 'no'), completed()]),
    )
    expect(decoder.fault()).toMatchObject({ kind: 'refused', details: { status } })
    expect(said(events, 'text')).toBe('abc')
    expect(decoder.isDone()).toBe(false)
  })

  test('a bad event between good ones is left out', () => {
    const { events, decoder } = decode(
      `${sse([added(0, message('')), textDelta(0, 'a')])}data: {oops\n\ndata: [1]\n\n${sse([textDelta(0, 'b'), completed()])}`,
    )
    expect(said(events, 'text')).toBe('ab')
    expect(decoder.fault()).toBeUndefined()
  })
})

describe('a whole answer', () => {
  test('that failed, is none, or is no JSON is a fault', () => {
    const faults: readonly (readonly [string, Json])[] = [
      ['<html>', { kind: 'malformed' }],
      [
        '{"code":"The service is currently unavailable","error":"Later"}',
        { kind: 'refused', details: { status: 503 } },
      ],
      [
        JSON.stringify(
          completed([], { status: 'failed', error: { code: 'server_error', message: 'x' } })
            .response,
        ),
        { kind: 'refused' },
      ],
      [JSON.stringify(completed().response), { kind: 'broken' }],
      [
        JSON.stringify(completed([message('a')], { status: 'in_progress' }).response),
        { kind: 'broken' },
      ],
    ]
    for (const [text, fault] of faults) {
      let thrown: unknown
      try {
        decodeResponsesAnswer(text, terms())
      } catch (error) {
        thrown = error
      }
      expect(thrown, text).toMatchObject(fault)
    }
  })

  test('of xAI is read as events', () => {
    const answer = {
      id: '1',
      object: 'response',
      status: 'completed',
      error: null,
      output: [
        {
          type: 'reasoning',
          id: '',
          summary: [{ type: 'summary_text', text: 'Hm' }],
          encrypted_content: 'e',
        },
        message('Hi', { id: '' }),
      ],
      usage: { input_tokens: 1, output_tokens: 2, total_tokens: 3 },
    }
    expect(decodeResponsesAnswer(JSON.stringify(answer), terms())).toMatchObject([
      { type: 'thinking', text: 'Hm' },
      { type: 'thought', encrypted: 'e' },
      { type: 'text', text: 'Hi' },
      { type: 'finish', reason: 'stop' },
      { type: 'usage', usage: { input: 1, output: 2 } },
    ])
  })
})
