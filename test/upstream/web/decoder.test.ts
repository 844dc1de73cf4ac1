import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { createWebDecoder } from '#src/upstream/web/decoder'
import type { WebEvent } from '#src/upstream/web/voice'
import { orderFaults, readResponseStream } from '../../support/response-order'
import { encode } from '../../support/response-samples'
import {
  citationCard,
  closing,
  decode,
  eventsOf,
  found,
  frame,
  header,
  line,
  OPENING,
  renderTag,
  SOFT_STOP,
  said,
  thinking,
  token,
  toolCard,
  toolElement,
  toolResult,
  webTerms,
  whole,
} from '../../support/web-answer'

const text = (said: string) => ({ type: 'text', choice: 0, text: said })
const STOP = { type: 'finish', choice: 0, reason: 'stop' }

describe('the forms of an answer', () => {
  test.each<[string, readonly string[], string]>([
    ['of tokens', [...OPENING, token('Hi'), token(' there'), ...closing('Hi there')], 'Hi there'],
    [
      'that closes behind the whole response',
      [...OPENING, token('Hi'), SOFT_STOP, whole('Hi')],
      'Hi',
    ],
    ['that closes behind the soft stop', [...OPENING, token('Hi'), SOFT_STOP], 'Hi'],
    ['of tokens without a tag', [frame({ token: 'Hi', isThinking: false }), whole('Hi')], 'Hi'],
    ['of mere tokens', [frame({ token: 'Hi' }), whole('Hi')], 'Hi'],
    [
      'with empty tokens and with lists of them',
      [token(''), token('Hi'), token(['x', 'y']), token(''), token(' you'), whole('Hi you')],
      'Hi you',
    ],
    ['of the whole response only', [...OPENING, ...closing('Hi there')], 'Hi there'],
    [
      'of the whole response behind mere thoughts',
      [thinking('Hm.'), whole(`Hi${renderTag('x')} there`)],
      'Hi there',
    ],
    [
      'of several responses',
      [token('One'), whole('One'), frame({ modelResponse: { responseId: 'a-2', message: 'Two' } })],
      'One\n\nTwo',
    ],
    ['that is told twice', [token('One'), whole('One'), whole('One')], 'One'],
    [
      'of a later turn, without the level of the response',
      [
        line({ result: { token: 'Hi', isThinking: false, responseId: 'a-2' } }),
        line({ result: { token: ' you', isThinking: false, responseId: 'a-2' } }),
        line({ result: { modelResponse: { responseId: 'a-2', message: 'Hi you' } } }),
      ],
      'Hi you',
    ],
    [
      'as server-sent events',
      [token('Hi'), token(' you'), whole('Hi you')].map((it) => `event: message\ndata: ${it}\n`),
      'Hi you',
    ],
    ['on one line', [token('Hi'), token(' you'), whole('Hi you')].map((it) => it.trim()), 'Hi you'],
    [
      'with line ends of both signs',
      [token('Hi'), token(' you'), token('.'), whole('')].map((it) => it.replace('\n', '\r\n')),
      'Hi you.',
    ],
    [
      'with the line ends in front',
      [token('Hi'), token(' you'), token('.'), whole('')].map((it) => `\n${it.trim()}`),
      'Hi you.',
    ],
    [
      'with spaces between its members',
      ['Hi', ' you'].map((it) => `{"result": {"response": {"token": "${it}"}}}\n`).concat(whole()),
      'Hi you',
    ],
    [
      'with signs that JSON escapes',
      ['a', 'say "x"', 'a\\', '\\"', '\n\t', '\u2028é👍', '\u0001']
        .map((it) => token(it))
        .concat(whole()),
      'asay "x"a\\\\"\n\t\u2028é👍\u0001',
    ],
    [
      'with tokens that look like frames',
      ['a', '"token":"x"', '","isThinking":true,"x":"', '}}}']
        .map((it) => token(it))
        .concat(whole()),
      'a"token":"x"","isThinking":true,"x":"}}}',
    ],
    [
      'with tokens in other places too',
      [
        ...[1, 2].map((it) => line({ token: `${it}`, result: { response: { token: 'x' } } })),
        ...[1, 2].map((it) => `{"result":{"response":{"token":"${it}","token":"y"}}}\n`),
        whole(),
      ],
      'xxyy',
    ],
    [
      'with frames of other makings between',
      [
        token('a'),
        token('b', { more: 1 }),
        token('c'),
        frame({ other: {} }),
        token('d'),
        line(7),
        whole(),
      ],
      'abcd',
    ],
  ])('%s', (_, lines, answer) => {
    for (const size of [1, 7, 100_000]) {
      const events = eventsOf(cut(lines.join(''), size))
      expect(said(events, 'text')).toBe(answer)
      expect(events.filter(({ type }) => type === 'finish')).toEqual([STOP as never])
      expect(events.at(-1)).toEqual(STOP as never)
    }
  })

  test('each token is an event of its own', () =>
    expect(
      eventsOf([[...OPENING, token('Hi'), token(' there'), ...closing('Hi there')].join('')]),
    ).toEqual([text('Hi'), text(' there'), STOP] as never))

  test('a token is given out with its last bracket, before its line ends', () => {
    const decoder = createWebDecoder(webTerms())
    expect([...decoder.push(token('x').trim())]).toEqual([text('x')] as never)
    expect([...decoder.push(`\n${token('y')}`)]).toEqual([text('y')] as never)
    for (const said of ['a', 'b', 'c', 'd'])
      expect([...decoder.push(token(said).trim())]).toEqual([text(said)] as never)
    const last = token('e')
    expect([...decoder.push(`\n${last.slice(0, 30)}`)]).toEqual([])
    expect([...decoder.push(last.slice(30))]).toEqual([text('e')] as never)
  })

  test('it is known when the answer is whole', () => {
    const decoder = createWebDecoder(webTerms())
    for (const it of [token('a'), SOFT_STOP]) decoder.push(it)
    expect(decoder.isWhole()).toBeFalse()
    decoder.push(whole('a'))
    expect(decoder.isWhole()).toBeTrue()
    // Half a title is no reason to doubt it.
    decoder.push('{"result":{"tit')
    expect([...decoder.end()]).toEqual([STOP] as never)
    expect([...decoder.end()]).toEqual([])
  })
})

describe('tags in the text', () => {
  const answer = (pieces: readonly string[], filteredTags?: string[]) =>
    said(
      eventsOf([...pieces.map((it) => token(it)), whole()], filteredTags && { filteredTags }),
      'text',
    )

  test('are taken out wherever they are cut', () => {
    const pieces = `Hi${renderTag('x')} <xaiArtifact title="a > b">you</xaiArtifact>, a<b.`
    expect(answer([pieces])).toBe('Hi you, a<b.')
    expect(answer([...pieces])).toBe('Hi you, a<b.')
    expect(answer(['Hi <', 'grok', ':ren', 'der>1</', 'grok:render', '> you'])).toBe('Hi  you')
  })
  test('are left where nobody asked to have them out', () => {
    const pieces = ['Hi', renderTag('x'), toolElement('k', 'web_search', {}), '<xaiArtifact>']
    expect(answer(pieces, [])).toBe(pieces.join(''))
  })
  test('are text where they do not end', () =>
    expect(answer(['a <', 'b> <grok:render x="', ' and so on'])).toBe(
      'a <b> <grok:render x=" and so on',
    ))
  test('may be cut where something else comes between', () => {
    const tag = renderTag('x')
    const lines = [
      token(`Hi${tag.slice(0, 40)}`),
      citationCard('x', 'https://a'),
      token(`${tag.slice(40)}.`),
    ]
    expect(said(eventsOf([...lines, whole()]), 'text')).toBe('Hi.')
  })
})

describe('errors in an answer', () => {
  const error = { code: 8, message: 'Too many requests', details: [] }
  const limit = "You've reached your usage limit."

  test.each<[string, string, string, number]>([
    ['of the first line', line({ error }), error.message, 429],
    ['bare', line(error), error.message, 429],
    ['within the result', line({ result: { error } }), error.message, 429],
    ['within the response', frame({ error: { message: limit } }), limit, 429],
    ['of the whole response', whole('', { error: 'Out of order.' }), 'Out of order.', 500],
    [
      'of the whole response, one of several',
      whole('', { streamErrors: [{ code: 7, message: 'Rejected.' }, { message: 'x' }] }),
      'Rejected.',
      403,
    ],
  ])('%s', (_, bad, message, status) => {
    const fault = { kind: 'refused', message: expect.stringContaining(message), status }
    const first = decode([...OPENING, bad])
    expect(first).toMatchObject({ events: [], fault })
    // What was said before is given out first, whether or not it came in the same piece.
    for (const pieces of [[token('Hi <'), bad], [`${token('Hi <')}${bad}${token('no')}`]]) {
      const later = decode(pieces)
      expect(said(later.events, 'text')).toBe('Hi <')
      expect(later.events.some(({ type }) => type === 'finish')).toBeFalse()
      expect(later.fault).toMatchObject(fault)
    }
  })

  test('they are thrown again', () => {
    const decoder = createWebDecoder(webTerms())
    expect(() => decoder.push(line({ error }))).toThrow(error.message)
    expect(() => decoder.push(token('Hi'))).toThrow(error.message)
    expect(() => decoder.end()).toThrow(error.message)
  })
})

describe('an answer that is not whole', () => {
  const HTML = '<!doctype html><title>Just a moment...</title>\n'

  test.each<[string, readonly string[], string, string]>([
    ['has no line at all', [], 'malformed', ''],
    ['is no JSON', [HTML], 'malformed', ''],
    ['ends before it began', [...OPENING], 'broken', ''],
    ['ends behind mere thoughts', [...OPENING, thinking('Hm.')], 'broken', ''],
    ['ends behind text', [...OPENING, token('Hi'), token(' there')], 'broken', 'Hi there'],
    ['ends within a line', [token('Hi'), token(' there').slice(0, 40)], 'broken', 'Hi'],
    ['ends within its first line', [token(' there').slice(0, 40)], 'malformed', ''],
    ['goes on as nonsense', [token('Hi'), HTML, token(' there')], 'broken', 'Hi'],
    ['ends within a tag', [token('Hi'), token(' <grok:render')], 'broken', 'Hi <grok:render'],
  ])('%s', (_, lines, kind, told) => {
    for (const size of [1, 9, 100_000]) {
      const { events, fault } = decode(cut(lines.join(''), size))
      expect(fault?.kind).toBe(kind as never)
      expect(said(events, 'text')).toBe(told)
      expect(events.some(({ type }) => type === 'finish')).toBeFalse()
    }
  })

  test('has a line that is too long', () => {
    const long = 'x'.repeat(1024 * 1024)
    const { fault } = decode([token('Hi'), '{"a":"', ...Array.from({ length: 33 }, () => long)])
    expect(fault).toMatchObject({
      kind: 'malformed',
      message: 'grok.com sent a line that is too long.',
    })
  })
})

test('an answer may be empty', () =>
  expect(eventsOf([...OPENING, ...closing('')])).toEqual([STOP] as never))

const cut = (text: string, size: number): string[] =>
  Array.from({ length: Math.ceil(text.length / size) }, (_, at) =>
    text.slice(at * size, (at + 1) * size),
  )

const words = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 8 }),
  fc.constantFrom(
    '\n',
    '<',
    'a<b',
    '"',
    '\\',
    '<grok:render',
    ' card_id="x1">',
    '</grok:render>',
    renderTag('x1'),
  ),
)

const lines = fc
  .array(
    fc.oneof(
      { weight: 6, arbitrary: words.map((it) => token(it)) },
      { weight: 3, arbitrary: words.map((it) => thinking(it)) },
      {
        weight: 1,
        arbitrary: fc.constantFrom(
          header('Searching', 1),
          citationCard('x1', 'https://a'),
          toolCard('k', { webSearch: { args: { query: 'q' } } }),
          thinking(toolElement('l', 'x_search', { query: 'q' }), { rolloutId: 'Agent 1' }),
          toolResult('k', found('https://a')),
          frame({ streamingImageGenerationResponse: { imageId: 'i', progress: 50 } }),
          whole('text'),
          'data: [DONE]\n',
          '\r\n',
        ),
      },
    ),
    { maxLength: 30 },
  )
  .map((list) => list.join(''))

const dialect = fc.constantFrom<'chat' | 'responses'>('chat', 'responses')

test('however the network cuts an answer, it says the same', () =>
  fc.assert(
    fc.property(lines, fc.integer({ min: 1, max: 40 }), dialect, (answer, size, spoken) => {
      const changes = { dialect: spoken }
      expect(decode(cut(answer, size), changes)).toEqual(decode([answer], changes))
    }),
    { numRuns: 300 },
  ))

/** What is wrong with the order of events; nothing, for what every encoder relies on. */
function faultsOf(events: readonly WebEvent[], isChat: boolean): string[] {
  const faults: string[] = []
  let isThinking = false
  for (const [at, event] of events.entries()) {
    if ('text' in event && event.text === '') faults.push(`${at}: nothing is said`)
    if (event.type === 'thought' && !isThinking) faults.push(`${at}: no thought is open`)
    if (event.type === 'finish' && at < events.length - 1) faults.push(`${at}: is not the last`)
    const isWithin = event.type === 'thinking' || (isChat && event.type === 'hosted')
    if (isThinking && !isWithin && event.type !== 'thought') faults.push(`${at}: ends no thought`)
    isThinking = event.type === 'thinking' || (isThinking && isWithin)
  }
  return faults
}

test('whatever comes, the events keep their order', () =>
  fc.assert(
    fc.property(lines, dialect, (answer, spoken) => {
      const { events } = decode([answer, whole()], { dialect: spoken })
      expect(faultsOf(events, spoken === 'chat')).toEqual([])
      const { encoder, text } = encode(events.filter((event) => event.type !== 'media'))
      const stream = readResponseStream(text + encoder.end())
      expect(orderFaults(stream.events)).toEqual([])
    }),
    { numRuns: 300 },
  ))

describe('long answers', () => {
  const MB = 1024 * 1024

  test('of 10 MB in single bytes are read right', () => {
    const tokens = ['敏捷', ' fox', '<', '\n', ' "x"', renderTag('x1')]
    let bytes = ''
    let expected = ''
    for (let count = 0; bytes.length < 10 * MB; count++) {
      const said = tokens[count % tokens.length] ?? ''
      bytes += token(said)
      if (!said.startsWith('<grok')) expected += said
    }
    const utf8 = new TextEncoder().encode(bytes + whole())
    const decoder = createWebDecoder(webTerms())
    const text = new TextDecoder()
    const pieces: string[] = []
    for (let at = 0; at < utf8.length; at++) {
      const piece = text.decode(utf8.subarray(at, at + 1), { stream: true })
      for (const event of decoder.push(piece)) if (event.type === 'text') pieces.push(event.text)
    }
    expect([...decoder.end()]).toEqual([STOP] as never)
    expect(pieces.join('') === expected).toBeTrue()
  }, 60_000)

  test('of one line of a megabyte are read right', () => {
    const long = 'a<b "x"\n'.repeat(MB / 8)
    for (const lines of [[token(long), whole()], [whole(long)]])
      for (const size of [1, 1000, 100_000])
        expect(said(eventsOf(cut(lines.join(''), size)), 'text') === long).toBeTrue()
  }, 60_000)

  test('take no more memory than short ones', () => {
    const decoder = createWebDecoder(webTerms())
    const piece = Array.from({ length: 200 }, (_, index) =>
      token(`word ${index} <b> ${renderTag('x')}\n`),
    ).join('')
    const look = () => {
      Bun.gc(true)
      return process.memoryUsage().heapUsed
    }
    const push = (times: number) => {
      let length = 0
      for (let count = 0; count < times; count++)
        for (const event of decoder.push(piece))
          if (event.type === 'text') length += event.text.length
      return length
    }
    push(20)
    const before = look()
    expect(push(400)).toBeGreaterThan(MB)
    expect(look() - before).toBeLessThan(MB)
  }, 60_000)
})
