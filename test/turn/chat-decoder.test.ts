import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { decodeChatAnswer } from '#src/turn/chat/answer-decoder'
import { createChatDecoder } from '#src/turn/chat/decoder'
import type { DecoderTerms, ToolNames } from '#src/turn/codec'
import type { TurnEvent } from '#src/turn/event'
import { chunk, hello, USAGE } from '../fakes/upstream'
import { piecesOf } from '../support/streams'
import { gathered } from '../support/turn-events'

type Json = Record<string, unknown>

function terms(changes: Partial<DecoderTerms> = {}): DecoderTerms {
  let ids = 0
  return { choices: 1, newId: () => `${++ids}`, names: new Map(), ...changes }
}

const sse = (events: readonly (object | string)[]) =>
  events
    .map((event) => `data: ${typeof event === 'string' ? event : JSON.stringify(event)}\n\n`)
    .join('')

/** Read a whole stream, in pieces of a size. */
function read(
  events: readonly (object | string)[] | string,
  changes: Partial<DecoderTerms> = {},
  size = 1 << 20,
) {
  const decoder = createChatDecoder(terms(changes))
  const bytes = new TextEncoder().encode(typeof events === 'string' ? events : sse(events))
  const out = piecesOf(bytes, size).flatMap((piece) => [...decoder.push(piece)])
  out.push(...decoder.end())
  return { events: out, decoder }
}

/** What was said, in short. */
const brief = (events: readonly TurnEvent[]) =>
  gathered(events).choices.flatMap((said) =>
    said.map((event) => {
      if (event.type === 'call') return `call ${event.name}`
      if (event.type === 'finish') return event.reason
      return 'text' in event ? `${event.type} ${event.text}` : event.type
    }),
  )

const idsOf = (events: readonly TurnEvent[]) =>
  events.flatMap((event) => (event.type === 'call' ? event.id : []))

const says = (events: readonly (object | string)[], changes?: Partial<DecoderTerms>) =>
  brief(read(events, changes).events)

const of = (index: number, delta: object, finish_reason: string | null = null) => ({
  ...chunk({}),
  choices: [{ index, delta, finish_reason }],
})

test('a plain answer: role, text, finish, usage', () => {
  const { events, decoder } = read([
    chunk({ role: 'assistant', content: '' }),
    chunk({ content: 'Hello' }),
    chunk({ content: ' \\"there\\" 👋🏽\n' }),
    chunk({}, 'stop'),
    { ...chunk({}), choices: [], usage: USAGE },
    '[DONE]',
  ])
  expect(events).toEqual([
    { type: 'text', choice: 0, text: 'Hello' },
    { type: 'text', choice: 0, text: ' \\"there\\" 👋🏽\n' },
    { type: 'finish', choice: 0, reason: 'stop' },
    {
      type: 'usage',
      usage: { input: 9, cached: 0, output: 2, reasoning: 0, costTicks: null, source: 'reported' },
    },
  ])
  expect(decoder.isDone()).toBe(true)
  expect(decoder.fault()).toBeUndefined()
})

describe('thoughts (C26)', () => {
  test.each(['reasoning_content', 'reasoning'])('in %s end when something else is said', (key) => {
    const thinking = [chunk({ [key]: 'hm' }), chunk({ content: '', [key]: ', yes' })]
    expect(read([...thinking, chunk({ content: 'a' }), '[DONE]']).events).toEqual([
      { type: 'thinking', choice: 0, text: 'hm', part: 0 },
      { type: 'thinking', choice: 0, text: ', yes', part: 0 },
      { type: 'thought', choice: 0, encrypted: null },
      { type: 'text', choice: 0, text: 'a' },
      { type: 'finish', choice: 0, reason: 'stop' },
    ])
    const call = { index: 0, id: 'a', function: { name: 'f', arguments: '{}' } }
    for (const next of [{ refusal: 'No' }, { tool_calls: [call] }, {}])
      expect(says([...thinking, chunk(next), '[DONE]'])[1]).toBe('thought')
  })
  test('said twice in one chunk, under both names, are thought once', () => {
    const both = chunk({ reasoning: 'hm', reasoning_content: 'hm' })
    expect(says([both, chunk({ content: 'a' }), '[DONE]'])[0]).toBe('thinking hm')
  })
  test('repeated as placeholders come once', () => {
    const placeholder = chunk({ reasoning_content: 'Thinking… ' })
    const laugh = chunk({ reasoning_content: 'ha' })
    expect(says([placeholder, placeholder, laugh, laugh, '[DONE]'])).toEqual([
      'thinking Thinking… haha',
      'thought',
      'stop',
    ])
  })
})

describe('tool calls (C7, C8)', () => {
  const whole = (id: string | undefined, index: number | undefined, name: string, args: unknown) =>
    chunk({
      tool_calls: [
        {
          ...(id && { id }),
          ...(index !== undefined && { index }),
          function: { name, arguments: args },
        },
      ],
    })
  const piece = (index: number, args: string) =>
    chunk({ tool_calls: [{ index, function: { arguments: args } }] })

  test.each([
    ['both at index 0', [whole('a', 0, 'f', '{"x":1}'), whole('b', 0, 'g', '{"y":2}')]],
    [
      'without index',
      [whole('a', undefined, 'f', '{"x":1}'), whole('b', undefined, 'g', '{"y":2}')],
    ],
    ['without ids', [whole(undefined, 0, 'f', '{"x":1}'), whole(undefined, 0, 'g', '{"y":2}')]],
    ['with one id', [whole('a', 0, 'f', '{"x":1}'), whole('a', 1, 'g', '{"y":2}')]],
    ['with arguments as objects', [whole('a', 0, 'f', { x: 1 }), whole('b', 1, 'g', { y: 2 })]],
    [
      'in fragments that alternate',
      [
        whole('a', 0, 'f', '{"x"'),
        whole('b', 1, 'g', '{"y"'),
        piece(0, ':1}'),
        piece(1, ':2'),
        piece(1, '}'),
      ],
    ],
  ] as [string, object[]][])('two calls %s stay two', (_, chunks) => {
    for (const end of [[chunk({}, 'stop')], [chunk({}, '')], []]) {
      const { events } = read([...chunks, ...end, '[DONE]'])
      expect(brief(events)).toEqual([
        'call f',
        'arguments {"x":1}',
        'call g',
        'arguments {"y":2}',
        'tool_calls',
      ])
      expect(new Set(idsOf(events)).size).toBe(2)
    }
  })
  test('fragments of the first call pass at once, those of later ones when it is over', () => {
    const decoder = createChatDecoder(terms())
    const push = (event: object) => brief(decoder.push(new TextEncoder().encode(sse([event]))))
    expect(push(whole('a', 0, 'f', ''))).toEqual(['call f'])
    expect(push(piece(0, '{"x"'))).toEqual(['arguments {"x"'])
    expect(push(whole('b', 1, 'g', '{'))).toEqual([])
    expect(push(piece(0, ':1}'))).toEqual(['arguments :1}'])
    expect(push(piece(1, '}'))).toEqual([])
    expect(push(chunk({ content: 'x' }))).toEqual(['call g', 'arguments {}', 'text x'])
    expect(push(whole('c', 2, 'h', '{}'))).toEqual(['call h', 'arguments {}'])
  })
  test('one that goes on after it was over is a fault; blanks after it are none', () => {
    const begun = [whole('a', 0, 'f', '{'), chunk({ content: 'x' })]
    expect(read([...begun, piece(0, ' \n'), '[DONE]']).decoder.fault()).toBeUndefined()
    const { decoder, events } = read([...begun, piece(0, '}'), '[DONE]'])
    expect(decoder.fault()).toMatchObject({ kind: 'malformed' })
    expect(brief(events)).toEqual(['call f', 'arguments {', 'text x'])
  })
  test('the deprecated function_call is a call like any other', () => {
    const { events } = read([
      chunk({ function_call: { name: 'f', arguments: '{"x"' } }),
      chunk({ function_call: { arguments: ':1}' } }),
      chunk({}, 'function_call'),
      '[DONE]',
    ])
    expect(brief(events)).toEqual(['call f', 'arguments {"x":1}', 'tool_calls'])
    expect(idsOf(events)[0]).toMatch(/^call_/)
  })
  test('calls of custom tools carry their text', () => {
    const custom = (fields: object) => chunk({ tool_calls: [{ index: 0, ...fields }] })
    const { events } = read([
      custom({ id: 'a', type: 'custom', custom: { name: 'patch', input: '*** ' } }),
      custom({ custom: { input: 'Begin' } }),
      '[DONE]',
    ])
    expect(events[0]).toEqual({ type: 'call', choice: 0, id: 'a', name: 'patch', custom: true })
    expect(brief(events)).toEqual(['call patch', 'arguments *** Begin', 'tool_calls'])
  })

  describe('of tools that the upstream knows under another name', () => {
    const names: ToolNames = new Map([
      ['mail__send', { name: 'send', namespace: 'mail', custom: false }],
      ['patch', { name: 'patch', custom: true }],
    ])
    test('carry the name of the client', () => {
      const { events } = read([whole('a', 0, 'mail__send', '{}'), '[DONE]'], { names })
      expect(events[0]).toMatchObject({ name: 'send', namespace: 'mail', custom: false })
    })
    test.each([
      ['{"input":"*** Begin\\n"}', 'arguments *** Begin\n'],
      ['*** Begin', 'arguments *** Begin'],
      ['{"input":7}', 'arguments {"input":7}'],
      ['{"patch":"x"}', 'arguments {"patch":"x"}'],
      ['{"input":""}', undefined],
      ['{}', undefined],
      ['', undefined],
    ])('hand a custom tool the text within its JSON: %p', (args, told) => {
      const said = ['call patch', ...(told === undefined ? [] : [told]), 'tool_calls']
      for (const cut of [0, 3]) {
        const fragments = [whole('a', 0, 'patch', args.slice(0, cut)), piece(0, args.slice(cut))]
        const { events } = read([...fragments, chunk({}, 'tool_calls'), '[DONE]'], { names })
        expect(events[0]).toMatchObject({ type: 'call', custom: true })
        expect(brief(events)).toEqual(said)
      }
      const call = { id: 'a', type: 'function', function: { name: 'patch', arguments: args } }
      const message = { role: 'assistant', content: null, tool_calls: [call] }
      const answer = { choices: [{ index: 0, message, finish_reason: 'tool_calls' }] }
      expect(brief(decodeChatAnswer(JSON.stringify(answer), terms({ names })))).toEqual(said)
    })
  })
})

describe('sources', () => {
  const cited = (events: readonly TurnEvent[]) =>
    events.flatMap((event) => (event.type === 'citation' ? event.citation : []))
  const place = { url: 'https://a', title: 'A', start_index: 1, end_index: 4 }

  test.each([
    ['as OpenAI writes them', { type: 'url_citation', url_citation: place }],
    ['flat', { type: 'url_citation', ...place }],
  ])('in annotations, %s', (_, annotation) => {
    const { events } = read([chunk({ content: 'text', annotations: [annotation] }), '[DONE]'])
    expect(cited(events)).toEqual([{ url: 'https://a', title: 'A', start: 1, end: 4 }])
    expect(brief(events)).toEqual(['text text', 'citation', 'stop'])
  })
  test("in xAI's list, unless they were cited before, stand behind the text", () => {
    const annotation = { type: 'url_citation', url_citation: place }
    const list = ['https://a', 'https://b', 'https://b', 7]
    const { events } = read([
      chunk({ content: 'te' }),
      chunk({ content: 'xt', annotations: [annotation] }),
      chunk({}, 'stop'),
      { ...chunk({}), choices: [], usage: USAGE, citations: list },
      '[DONE]',
    ])
    expect(cited(events).slice(1)).toEqual([
      { url: 'https://b', title: 'https://b', start: 4, end: 4 },
    ])
    expect(brief(events)).toEqual(['text text', 'citation', 'citation', 'stop'])
  })
})

test('a refusal, and how likely tokens were (C23, C24)', () => {
  const token = { token: 'a', logprob: -1, bytes: [97], top_logprobs: [] }
  const bare = { token: 'b', logprob: -2 }
  const likely = (delta: object, content: object[]) => ({
    ...chunk({}),
    choices: [{ index: 0, delta, finish_reason: null, logprobs: { content } }],
  })
  const { events } = read([
    likely({ content: 'a' }, [token]),
    likely({ content: '' }, [token]),
    likely({ content: 'b' }, [bare]),
    likely({ content: 'c' }, []),
    chunk({ refusal: 'No.' }),
    chunk({}, 'content_filter'),
    '[DONE]',
  ])
  const mended = { ...bare, bytes: null, top_logprobs: [] }
  expect(events).toEqual([
    { type: 'text', choice: 0, text: 'a', logprobs: [token] },
    { type: 'text', choice: 0, text: 'b', logprobs: [token, mended] },
    { type: 'text', choice: 0, text: 'c' },
    { type: 'refusal', choice: 0, text: 'No.' },
    { type: 'finish', choice: 0, reason: 'content_filter' },
  ])
})

describe('usage (C1)', () => {
  test('is told once, by the last that was sent', () => {
    const early = { prompt_tokens: 9, completion_tokens: 1, total_tokens: 10 }
    const { events } = read([
      { ...chunk({ content: 'a' }), usage: early },
      { ...chunk({}, 'stop'), usage: USAGE },
      '[DONE]',
    ])
    const told = events.filter(({ type }) => type === 'usage')
    expect(told).toMatchObject([{ usage: { input: 9, output: 2 } }])
    expect(events.at(-1)).toBe(told[0] as TurnEvent)
  })
  test('includes the reasoning, whether the upstream counts it in or not', () => {
    const details = { completion_tokens_details: { reasoning_tokens: 94 } }
    const xai = { prompt_tokens: 32, completion_tokens: 9, total_tokens: 135, ...details }
    const openai = { prompt_tokens: 32, completion_tokens: 103, total_tokens: 135, ...details }
    for (const usage of [xai, openai]) {
      const { events } = read([{ ...chunk({ content: 'a' }, 'stop'), usage }, '[DONE]'])
      expect(events.at(-1)).toMatchObject({ usage: { output: 103, reasoning: 94 } })
      expect(decodeChatAnswer(JSON.stringify(hello({ usage })), terms()).at(-1)).toMatchObject({
        usage: { output: 103, reasoning: 94 },
      })
    }
  })
  test('is told of a stream that broke off, too', () => {
    const { events } = read([{ ...chunk({ content: 'a' }), usage: USAGE }])
    expect(events.at(-1)).toMatchObject({ type: 'usage', usage: { input: 9 } })
  })
  test('is not told where nothing was said of it', () => {
    expect(read([chunk({ content: 'a' }, 'stop'), '[DONE]']).events.at(-1)?.type).toBe('finish')
  })
})

describe('the end (C3, C10)', () => {
  const begin = [chunk({ role: 'assistant' }), chunk({ content: 'a' })]
  test.each([
    ['a finish reason without [DONE]', [...begin, chunk({}, 'stop')]],
    ['[DONE] without a finish reason', [...begin, '[DONE]']],
    ['[DONE] twice', [...begin, chunk({}, 'stop'), '[DONE]', '[DONE]']],
    ['a finish reason twice', [...begin, chunk({}, 'stop'), chunk({}, 'stop'), '[DONE]']],
    ['an empty finish reason', [chunk({ content: 'a' }, '')]],
  ])('%s is an end, and one only', (_, events) => {
    const { decoder, events: out } = read(events)
    expect(decoder.fault()).toBeUndefined()
    expect(brief(out)).toEqual(['text a', 'stop'])
  })
  test('neither means that it broke off', () => {
    const { decoder, events } = read(begin)
    expect(decoder.fault()).toMatchObject({ kind: 'broken' })
    expect(decoder.isDone()).toBe(false)
    expect(brief(events)).toEqual(['text a'])
  })
  test('nothing at all is a fault', () => {
    for (const nothing of ['', 'data: [DONE]\n\n', sse([{ ...chunk({}), choices: [] }])])
      expect(read(nothing).decoder.fault()).toMatchObject({ kind: 'broken' })
  })
  test.each([
    ['end_turn', 'stop'],
    ['max_tokens', 'length'],
    ['model_length', 'length'],
    ['content_filter', 'content_filter'],
    ['whatever', 'stop'],
  ])('finish reason %p means %p', (said, meant) => {
    expect(says([...begin, chunk({}, said), '[DONE]']).at(-1)).toBe(meant)
  })
  test('text after a finish reason is part of the answer', () => {
    expect(
      says([chunk({ content: 'a' }, 'stop'), chunk({ content: 'b' }, 'stop'), '[DONE]']),
    ).toEqual(['text ab', 'stop'])
  })
})

describe('choices (C11)', () => {
  test('are told apart, and every one ends', () => {
    const { events } = read(
      [
        of(0, { content: 'a' }),
        of(1, { content: 'b' }),
        of(0, { content: 'c' }, 'length'),
        '[DONE]',
      ],
      { choices: 2 },
    )
    expect(brief(events)).toEqual(['text ac', 'length', 'text b', 'stop'])
  })
  test('count by their place where they have no index', () => {
    const [first] = chunk({ content: 'a' }, 'stop').choices
    const { index: _, ...nameless } = first as Json
    const both = { ...chunk({}), choices: [nameless, { ...nameless, delta: { content: 'b' } }] }
    expect(says([both, '[DONE]'], { choices: 2 })).toEqual(['text a', 'stop', 'text b', 'stop'])
  })
  test('one for two is a fault of the request', () => {
    const { decoder } = read([of(0, { content: 'a' }, 'stop'), '[DONE]'], { choices: 2 })
    expect(decoder.fault()?.details).toMatchObject({ status: 400, param: 'n' })
  })
})

describe('what is no chunk', () => {
  test.each([
    ['{"error":{"message":"Slow down","code":"rate_limit_exceeded"}}', 429],
    ['{"type":"error","code":529,"message":"Overloaded"}', 529],
    ['{"code":"The service is currently unavailable","error":"Try later"}', 503],
  ])('an error within the stream ends it: %s', (event, status) => {
    const { decoder, events } = read([chunk({ content: 'a' }), event, chunk({ content: 'b' })])
    expect(decoder.fault()?.details.status).toBe(status)
    expect(decoder.isDone()).toBe(false)
    expect(brief(events)).toEqual(['text a'])
  })
  test('an event called error is one', () => {
    expect(read('event: error\ndata: {"message":"x"}\n\n').decoder.fault()).toBeDefined()
  })
  test('junk between good events is left out', () => {
    const junk = ['{oops', '[1]', '{}', '{"choices":[7]}', ': no', '"text"']
    const good = [chunk({ content: 'a' }), ...junk, chunk({ content: 'b' }, 'stop'), '[DONE]']
    expect(says(good)).toEqual(['text ab', 'stop'])
  })
})

describe('a chunk that looks like those before it', () => {
  const before = chunk({ content: 'a' })
  test.each([
    ['has a content that ends its string early', '","x":"'],
    ['ends in half an escape', '\\'],
    ['has escapes', '\\u0041\\n\\"'],
    ['is empty', ''],
  ])('but %s', (_, content) => {
    const raw = JSON.stringify(before).replace('"a"', `"${content}"`)
    const meant = parse(raw)
    const said = typeof meant === 'string' ? `a${meant}b` : 'ab'
    expect(says([before, raw, chunk({ content: 'b' }), '[DONE]'])).toEqual([`text ${said}`, 'stop'])
  })
  function parse(json: string): unknown {
    try {
      return JSON.parse(json).choices[0].delta.content
    } catch {
      return
    }
  }
  test('but thinks, or calls, after text was said', () => {
    const thinks = [before, before, chunk({ reasoning_content: 'hm' }), before, '[DONE]']
    expect(says(thinks)).toEqual(['text aa', 'thinking hm', 'thought', 'text a', 'stop'])
  })
  test('with nulls for all that it does not say', () => {
    const full = (content: string) =>
      chunk({
        role: 'assistant',
        content,
        reasoning_content: null,
        tool_calls: null,
        refusal: null,
      })
    expect(says([full('a'), full('b'), full('c'), '[DONE]'])).toEqual(['text abc', 'stop'])
  })
})

test('whatever the chunking and the line ends, the same is said (C12, C13)', () => {
  const content = fc.array(fc.string({ unit: 'grapheme', maxLength: 12 }), { maxLength: 12 })
  const lineEnd = fc.constantFrom('\n', '\r\n', '\r')
  fc.assert(
    fc.property(content, lineEnd, fc.integer({ min: 1, max: 400 }), (texts, ends, size) => {
      const stream = sse([
        chunk({ role: 'assistant', content: '' }),
        ...texts.map((text) => chunk({ content: text })),
        ': ping',
        chunk({}, 'stop'),
        '[DONE]',
      ]).replaceAll('\n', ends)
      const said = texts.join('')
      const { events } = read(`\uFEFF: ping${ends}${ends}${stream}`, {}, size)
      expect(brief(events)).toEqual(said === '' ? ['stop'] : [`text ${said}`, 'stop'])
      expect(events.every((event) => !('text' in event) || event.text !== '')).toBe(true)
    }),
  )
})

describe('a whole answer', () => {
  const answer = (message: object, more: object = {}) =>
    JSON.stringify(hello({ choices: [{ index: 0, message, finish_reason: 'stop' }], ...more }))
  const call = (id: string, args: unknown) => ({
    id,
    type: 'function',
    function: { name: 'f', arguments: args },
  })

  test('is said in order', () => {
    const message = {
      role: 'assistant',
      content: 'a',
      refusal: 'No.',
      reasoning_content: 'hm',
      tool_calls: [call('x', { y: 1 }), call('x', ''), { ...call('z', '{}'), id: undefined }],
    }
    const events = decodeChatAnswer(answer(message, { citations: ['https://b'] }), terms())
    expect(brief(events)).toEqual([
      'thinking hm',
      'thought',
      'text a',
      'refusal No.',
      'call f',
      'arguments {"y":1}',
      'call f',
      'arguments {}',
      'call f',
      'arguments {}',
      'citation',
      'tool_calls',
    ])
    expect(new Set(idsOf(events)).size).toBe(3)
    expect(events.at(-1)?.type).toBe('usage')
  })
  test('with a deprecated function call', () => {
    const message = {
      role: 'assistant',
      content: null,
      function_call: { name: 'f', arguments: '' },
    }
    const said = brief(decodeChatAnswer(answer(message), terms()))
    expect(said).toEqual(['call f', 'arguments {}', 'tool_calls'])
  })
  test.each([
    ['<html>', { kind: 'malformed' }],
    ['{"code":"unavailable","error":"Try later"}', { details: { status: 503 } }],
    ['{"choices":[]}', { kind: 'broken' }],
  ])('%s is a fault', (text, fault) => {
    let thrown: unknown
    try {
      decodeChatAnswer(text, terms())
    } catch (cause) {
      thrown = cause
    }
    expect(thrown).toMatchObject(fault)
  })
  test('with one choice for two is a fault', () => {
    expect(() => decodeChatAnswer(JSON.stringify(hello()), terms({ choices: 2 }))).toThrow(
      'does not take n > 1',
    )
  })
})

describe('content in parts, as Mistral has it', () => {
  const parts = (...content: object[]) => ({ role: 'assistant', content })
  const thinks = { type: 'thinking', thinking: [{ type: 'text', text: 'North?' }] }
  const said = { type: 'text', text: 'North 👋🏽' }

  test('is thought and said in a stream', () => {
    const events = [chunk(parts(thinks)), chunk(parts(said)), chunk({ content: '!' }, 'stop')]
    expect(says([...events, '[DONE]'])).toEqual([
      'thinking North?',
      'thought',
      'text North 👋🏽!',
      'stop',
    ])
  })

  test('is thought and said in a whole answer', () => {
    const message = parts(thinks, said)
    const answer = hello({ choices: [{ index: 0, message, finish_reason: 'stop' }] })
    expect(brief(decodeChatAnswer(JSON.stringify(answer), terms()))).toEqual([
      'thinking North?',
      'thought',
      'text North 👋🏽',
      'stop',
    ])
  })
})
