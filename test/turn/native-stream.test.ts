import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { createNativeStream, type StreamTerms } from '#src/turn/chat/native-stream'
import { chunk, helloEvents, USAGE } from '../fakes/upstream'
import { piecesOf, readEvents, textOf } from '../support/streams'

type Json = Record<string, unknown>

const TERMS: StreamTerms = {
  model: 'grok-4',
  includeUsage: false,
  choices: 1,
  showThinking: true,
  promptBytes: 40,
  newId: () => crypto.randomUUID(),
  created: 1700000000,
}

/** Run a whole upstream stream through, in pieces of a size, and read what comes out. */
function run(text: string, terms: Partial<StreamTerms> = {}, size = 1 << 20) {
  const stream = createNativeStream({ ...TERMS, ...terms })
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let out = ''
  for (const piece of piecesOf(new TextEncoder().encode(text), size))
    out += decoder.decode(stream.push(piece), { stream: true })
  out += decoder.decode(stream.end())
  return { text: out, events: readEvents(out), stream }
}

const sse = (events: readonly (object | string)[]) =>
  events
    .map((event) => `data: ${typeof event === 'string' ? event : JSON.stringify(event)}\n\n`)
    .join('')

const deltas = (events: readonly unknown[]) =>
  events
    .filter((event) => event !== '[DONE]')
    .map((event) => (event as { choices: Json[] }).choices[0])

const deltaOf = (choice: Json | undefined): Json => (choice?.delta ?? {}) as Json

const finish = (events: readonly unknown[]) => deltas(events).at(-1)?.finish_reason

test('an answer that is right passes as the bytes it came in', () => {
  const right = sse([
    chunk({ role: 'assistant', content: '' }, null, { model: 'grok-4' }),
    chunk({ content: 'Hello' }, null, { model: 'grok-4' }),
    chunk({ content: ' \\"there\\" 👋🏽\n' }, null, { model: 'grok-4' }),
    chunk({}, 'stop', { model: 'grok-4' }),
    '[DONE]',
  ])
  const bytes = new TextEncoder().encode(right)
  expect(createNativeStream(TERMS).push(bytes)).toBe(bytes)
})

describe('usage (C1, C2)', () => {
  const events = (usages: readonly (object | null | undefined)[]) =>
    sse([
      chunk({ role: 'assistant' }, null, usages[0] === undefined ? {} : { usage: usages[0] }),
      chunk({ content: 'a' }, null, usages[1] === undefined ? {} : { usage: usages[1] }),
      chunk({}, 'stop', usages[2] === undefined ? {} : { usage: usages[2] }),
      ...(usages[3] ? [{ ...chunk({}), choices: [], usage: usages[3] }] : []),
      '[DONE]',
    ])
  const forms: readonly [string, readonly (object | null | undefined)[]][] = [
    ['in a chunk of its own', [null, null, null, USAGE]],
    ['on the last content chunk', [undefined, undefined, USAGE]],
    ['on several chunks', [USAGE, USAGE, USAGE, USAGE]],
  ]
  test.each(forms)('asked for, and sent %s: one chunk at the end, null elsewhere', (_, usages) => {
    const { events: out } = run(events(usages), { includeUsage: true })
    const chunks = out.slice(0, -1) as Json[]
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: USAGE })
    expect(chunks.slice(0, -1).every(({ usage }) => usage === null)).toBe(true)
    expect(out.at(-1)).toBe('[DONE]')
  })
  test.each(forms)('not asked for, and sent %s: in no chunk, and none is empty', (_, usages) => {
    const { events: out, stream } = run(events(usages))
    for (const event of out.slice(0, -1) as Json[]) {
      expect(event).not.toHaveProperty('usage')
      expect(event.choices).toHaveLength(1)
    }
    expect(stream.usage()).toMatchObject({ input: 9, output: 2, source: 'reported' })
  })
  test('asked for and never sent: estimated, and marked', () => {
    const { events: out, stream } = run(events([]), { includeUsage: true })
    expect(out.at(-2)).toMatchObject({ choices: [], usage: { prompt_tokens: 10, estimated: true } })
    expect(stream.usage().source).toBe('estimated')
  })
  test('zero is a number, not missing', () => {
    const none = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 }
    expect(run(events([undefined, undefined, none])).stream.usage()).toMatchObject({
      input: 0,
      output: 0,
      source: 'reported',
    })
  })
  test('reasoning is counted into the completion when only together they make the total', () => {
    const usage = {
      prompt_tokens: 32,
      completion_tokens: 9,
      total_tokens: 135,
      completion_tokens_details: { reasoning_tokens: 94 },
    }
    const { events: out } = run(events([undefined, undefined, undefined, usage]), {
      includeUsage: true,
    })
    expect(out.at(-2)).toMatchObject({ usage: { completion_tokens: 103, total_tokens: 135 } })
  })
})

test('the usage chunk is sent once, wherever the network cuts the end of the stream', () => {
  const begin = [chunk({ role: 'assistant', content: 'a' }), chunk({}, 'stop')]
  const right = { ...chunk({}), model: 'grok-4', choices: [], usage: USAGE }
  for (const tail of [sse([right, '[DONE]']), sse([right]), `: ping\n\n${sse([right, '[DONE]'])}`])
    for (let cut = 0; cut <= tail.length; cut++) {
      const stream = createNativeStream({ ...TERMS, includeUsage: true })
      const out = [sse(begin), tail.slice(0, cut), tail.slice(cut)].map((piece) =>
        new TextDecoder().decode(stream.push(new TextEncoder().encode(piece))),
      )
      const events = readEvents(out.join('') + new TextDecoder().decode(stream.end()))
      expect(events.filter((event) => (event as Json).usage)).toHaveLength(1)
      expect(events.at(-1)).toBe('[DONE]')
    }
})

test('a call that opens and ends in one chunk without arguments gets them in that chunk', () => {
  const call = { index: 0, id: 'a', type: 'function', function: { name: 'f', arguments: '' } }
  const { events } = run(sse([chunk({ tool_calls: [call] }, 'tool_calls'), '[DONE]']))
  expect(deltas(events)).toHaveLength(1)
  expect(deltaOf(deltas(events)[0]).tool_calls).toEqual([
    { ...call, function: { name: 'f', arguments: '{}' } },
  ])
})

test('a call gets its missing arguments once, however often its upstream has finished', () => {
  const call = { index: 0, id: 'a', type: 'function', function: { name: 'f', arguments: '' } }
  const ends = [chunk({}, 'tool_calls'), chunk({}, 'tool_calls')]
  const { events } = run(sse([chunk({ tool_calls: [call] }), ...ends, '[DONE]']))
  const given = deltas(events).flatMap((choice) => deltaOf(choice).tool_calls ?? []) as Json[]
  expect(given.map(({ function: called }) => (called as Json).arguments).join('')).toBe('{}')
})

describe('the end (C3, C10)', () => {
  const begin = [chunk({ role: 'assistant' }), chunk({ content: 'a' })]
  test('exactly one [DONE], however often it was sent', () => {
    const { events } = run(sse([...begin, chunk({}, 'stop'), '[DONE]', '[DONE]']))
    expect(events.filter((event) => event === '[DONE]')).toHaveLength(1)
  })
  test('a missing [DONE] after a finish reason is added', () => {
    expect(run(sse([...begin, chunk({}, 'stop')])).events.at(-1)).toBe('[DONE]')
  })
  test('a missing finish reason before [DONE] is added', () => {
    expect(finish(run(sse([...begin, '[DONE]'])).events)).toBe('stop')
  })
  test('neither means that it broke off: no finish reason, no [DONE]', () => {
    const { stream, text } = run(sse(begin))
    expect(stream.fault()).toMatchObject({ kind: 'broken' })
    expect(text).not.toContain('[DONE]')
    expect(text).not.toContain('"finish_reason":"')
  })
  test('nothing at all is a fault', () => {
    expect(run('').stream.fault()).toBeDefined()
    expect(run('data: [DONE]\n\n').stream.fault()).toBeDefined()
  })
  const names: readonly [string, string][] = [
    ['end_turn', 'stop'],
    ['eos', 'stop'],
    ['max_tokens', 'length'],
    ['model_length', 'length'],
    ['content_filter', 'content_filter'],
    ['whatever', 'stop'],
    ['', 'stop'],
  ]
  test.each(names)('finish reason %p becomes %p', (said, meant) => {
    expect(finish(run(sse([...begin, chunk({}, said), '[DONE]'])).events)).toBe(meant)
  })
  test('an empty finish reason on every chunk ends nothing early', () => {
    const { events } = run(
      sse([chunk({ content: 'a' }, ''), chunk({ content: 'b' }, ''), '[DONE]']),
    )
    expect(textOf(events)).toBe('ab')
    expect(deltas(events).map((choice) => choice?.finish_reason)).toEqual([null, null, 'stop'])
  })
})

test('role is said once a choice, id and model are the same throughout (C4, C5)', () => {
  const { events } = run(
    sse([
      { ...chunk({ role: 'assistant', content: 'a' }), id: 'x1' },
      { ...chunk({ role: 'assistant', content: 'b' }), id: 'x2', created: 5 },
      { ...chunk({ content: 'c' }), id: undefined, object: undefined },
      { ...chunk({}, 'stop'), model: 'other' },
      '[DONE]',
    ]),
  )
  const chunks = events.slice(0, -1) as Json[]
  expect(new Set(chunks.map(({ id }) => id))).toEqual(new Set(['x1']))
  expect(new Set(chunks.map(({ model }) => model))).toEqual(new Set(['grok-4']))
  expect(new Set(chunks.map(({ created }) => created))).toEqual(new Set([1760000000]))
  expect(new Set(chunks.map(({ object }) => object))).toEqual(new Set(['chat.completion.chunk']))
  expect(deltas(events).map((choice) => 'role' in deltaOf(choice))).toEqual([
    true,
    false,
    false,
    false,
  ])
})

describe('tool calls (C7, C8, C9)', () => {
  const call = (fields: object) => chunk({ tool_calls: [fields] })
  const called = (events: readonly unknown[]) => {
    const calls: { id?: string; name?: string; arguments: string }[] = []
    for (const choice of deltas(events))
      for (const piece of (deltaOf(choice).tool_calls ?? []) as Json[]) {
        const { name, arguments: text } = piece.function as { name?: string; arguments: string }
        const index = piece.index as number
        calls[index] ??= { id: piece.id as string, name: name as string, arguments: '' }
        const at = calls[index]
        if (at) at.arguments += text
      }
    return calls
  }
  const whole = (
    id: string | undefined,
    index: number | undefined,
    name: string,
    args: unknown,
  ) => ({
    ...(id && { id }),
    ...(index !== undefined && { index }),
    function: { name, arguments: args },
  })
  const forms: readonly [string, object[]][] = [
    ['both at index 0', [whole('a', 0, 'f', '{"x":1}'), whole('b', 0, 'g', '{"y":2}')]],
    [
      'without index',
      [whole('a', undefined, 'f', '{"x":1}'), whole('b', undefined, 'g', '{"y":2}')],
    ],
    ['without ids', [whole(undefined, 0, 'f', '{"x":1}'), whole(undefined, 0, 'g', '{"y":2}')]],
    ['with one id', [whole('a', 0, 'f', '{"x":1}'), whole('a', 1, 'g', '{"y":2}')]],
    ['with arguments as objects', [whole('a', 0, 'f', { x: 1 }), whole('b', 1, 'g', { y: 2 })]],
  ]
  test.each(forms)('two calls %s stay two', (_, calls) => {
    const { events } = run(sse([...calls.map(call), chunk({}, 'stop'), '[DONE]']))
    const out = called(events)
    expect(out.map(({ name, arguments: args }) => [name, args])).toEqual([
      ['f', '{"x":1}'],
      ['g', '{"y":2}'],
    ])
    expect(new Set(out.map(({ id }) => id)).size).toBe(2)
    expect(finish(events)).toBe('tool_calls')
  })
  test('fragments make one call, and identity is said once even if the upstream repeats it', () => {
    const piece = (args: string) => ({
      index: 0,
      id: 'a',
      type: 'function',
      function: { name: 'f', arguments: args },
    })
    const { events } = run(
      sse([call(piece('{"x"')), call(piece(':1}')), chunk({}, 'tool_calls'), '[DONE]']),
    )
    expect(called(events)).toEqual([{ id: 'a', name: 'f', arguments: '{"x":1}' }])
    expect(JSON.stringify(deltas(events)[1])).not.toContain('"id"')
  })
  test.each([
    ['at the end', 'tool_calls'],
    ['never', undefined],
  ])('empty arguments become {} (finish %s)', (_, said) => {
    const last = said ? [chunk({}, said)] : []
    const { events } = run(sse([call(whole('a', 0, 'f', '')), ...last, '[DONE]']))
    expect(called(events)[0]?.arguments).toBe('{}')
    expect(finish(events)).toBe('tool_calls')
  })
})

test('reasoning passes, its repeated placeholder once, and not at all when hidden (C26)', () => {
  const text = sse([
    chunk({ role: 'assistant', reasoning_content: 'Thinking… ' }),
    chunk({ reasoning_content: 'Thinking… ' }),
    chunk({ reasoning_content: 'ha' }),
    chunk({ reasoning_content: 'ha' }),
    chunk({ content: 'a' }),
    chunk({}, 'stop'),
    '[DONE]',
  ])
  const thoughts = (events: readonly unknown[]) =>
    deltas(events).map((choice) => deltaOf(choice).reasoning_content ?? '')
  expect(thoughts(run(text).events).join('')).toBe('Thinking… haha')
  expect(thoughts(run(text, { showThinking: false }).events).join('')).toBe('')
})

test('refusals and logprobs pass (C23, C24)', () => {
  const logprobs = { content: [{ token: 'a', logprob: -1, bytes: null, top_logprobs: [] }] }
  const first = chunk({ role: 'assistant', content: 'a' })
  const { text } = run(
    sse([
      { ...first, choices: [{ ...first.choices[0], logprobs }] },
      chunk({ refusal: 'No.' }),
      chunk({}, 'stop'),
      '[DONE]',
    ]),
  )
  expect(text).toContain('"logprob":-1')
  expect(text).toContain('"refusal":"No."')
})

describe('two choices (C11)', () => {
  const of = (index: number, delta: object, finish_reason: string | null = null) => ({
    ...chunk({}),
    choices: [{ index, delta, finish_reason }],
  })
  test('both are finished and each has its role', () => {
    const { events } = run(
      sse([of(0, { content: 'a' }), of(1, { content: 'b' }), of(0, {}, 'stop'), '[DONE]']),
      { choices: 2 },
    )
    const ends = deltas(events).filter((choice) => choice?.finish_reason)
    expect(ends.map((choice) => choice?.index)).toEqual([0, 1])
    expect(deltas(events).filter((choice) => 'role' in deltaOf(choice))).toHaveLength(2)
  })
  test('one for two is a fault of the request, never silently one', () => {
    const { stream } = run(sse([of(0, { content: 'a' }), of(0, {}, 'stop'), '[DONE]']), {
      choices: 2,
    })
    expect(stream.fault()?.details).toMatchObject({ status: 400, param: 'n' })
  })
})

describe('an error within the stream', () => {
  const errors: readonly [string, string, number][] = [
    [
      'as OpenAI sends it',
      '{"error":{"message":"Slow down","type":"requests","code":"rate_limit_exceeded"}}',
      429,
    ],
    ['flat', '{"type":"error","code":529,"message":"Overloaded"}', 529],
    ['nested', '{"type":"error","status":503,"error":{"message":"Down"}}', 503],
    ['as xAI sends it', '{"code":"The service is currently unavailable","error":"Try later"}', 503],
  ]
  test.each(errors)('%s is recognised', (_, event, status) => {
    const { stream, text } = run(`data: ${event}\n\n`)
    expect(stream.fault()?.details.status).toBe(status)
    expect(text).toBe('')
  })
  test('what came before it is still delivered', () => {
    const { stream, text } = run(
      sse([chunk({ content: 'abc' }), '{"error":{"message":"x"}}', chunk({}, 'stop'), '[DONE]']),
    )
    expect(text).toContain('abc')
    expect(text).not.toContain('[DONE]')
    expect(stream.fault()).toBeDefined()
  })
  test('a malformed event between good ones is left out', () => {
    const { events, stream } = run(
      sse([chunk({ content: 'a' }), '{oops', '[1]', chunk({ content: 'b' }, 'stop'), '[DONE]']),
    )
    expect(textOf(events)).toBe('ab')
    expect(stream.malformed()).toBe(2)
  })
})

test('nothing comes out before the first event that a client can use', () => {
  const stream = createNativeStream(TERMS)
  const push = (event: object) =>
    new TextDecoder().decode(stream.push(new TextEncoder().encode(sse([event]))))
  expect(push(chunk({ role: 'assistant', content: '' }))).toBe('')
  expect(push(chunk({}))).toBe('')
  expect(stream.isUseful()).toBe(false)
  expect(readEvents(push(chunk({ content: 'a' })))).toHaveLength(3)
})

describe('whatever the chunking and the line ends (C12, C13)', () => {
  const content = fc.array(fc.string({ unit: 'grapheme', maxLength: 12 }), {
    minLength: 1,
    maxLength: 20,
  })
  const style = fc.constantFrom('plain', 'spaced', 'crlf', 'comments', 'no space')
  const write = (events: readonly (object | string)[], how: string) => {
    const text = events.map((event) => {
      const json = typeof event === 'string' ? event : JSON.stringify(event)
      const spaced =
        how === 'spaced' && typeof event !== 'string' ? json.replaceAll('":', '": ') : json
      return `${how === 'comments' ? ': ping\n\n' : ''}data:${how === 'no space' ? '' : ' '}${spaced}\n\n`
    })
    return how === 'crlf' ? text.join('').replaceAll('\n', '\r\n') : text.join('')
  }
  test('the same text comes out, valid and in order', () =>
    fc.assert(
      fc.property(
        content,
        style,
        fc.integer({ min: 1, max: 400 }),
        fc.boolean(),
        (texts, how, size, includeUsage) => {
          const safe = how === 'spaced' ? texts.map((text) => text.replaceAll('"', "'")) : texts
          const events = [
            chunk({ role: 'assistant', content: '' }),
            ...safe.map((text) => chunk({ content: text })),
            chunk({}, 'stop'),
            { ...chunk({}), choices: [], usage: USAGE },
            '[DONE]',
          ]
          const { events: out } = run(write(events, how), { includeUsage }, size)
          expect(textOf(out)).toBe(safe.join(''))
          expect(out.filter((event) => event === '[DONE]')).toHaveLength(1)
          expect((out[0] as Json).model).toBe('grok-4')
        },
      ),
    ))
})

test('a stream of 100,000 events holds nothing back', () => {
  const stream = createNativeStream(TERMS)
  const encoder = new TextEncoder()
  const piece = encoder.encode(sse([chunk({ content: 'word ' })]))
  let bytes = 0
  for (let at = 0; at < 100_000; at++) bytes += stream.push(piece).length
  expect(bytes).toBeGreaterThan(100_000 * 100)
  expect(stream.usage().output).toBe(125_000)
})

test('helloEvents is what its own readers expect', () => {
  expect(textOf(run(sse(helloEvents())).events)).toBe('Hello there')
})
