import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import type { TurnEvent } from '#src/turn/event'
import { type ClientTool, writeCall } from '#src/turn/tool-prompt/form'
import { createCallParser } from '#src/turn/tool-prompt/parser'

const TOOLS: readonly ClientTool[] = [
  { type: 'function', name: 'look_up', description: '', parameters: {}, strict: undefined },
  {
    type: 'function',
    name: 'send',
    namespace: 'mail',
    description: '',
    parameters: {},
    strict: true,
  },
  { type: 'custom', name: 'shell', description: '', format: undefined },
]

type Said =
  | { readonly text: string }
  | { readonly name: string; readonly arguments: string; readonly choice?: number }

/** What a parser makes of a text that comes in these pieces: texts joined, calls with their arguments. */
function parse(pieces: readonly string[], reason: 'stop' | 'length' = 'stop') {
  let ids = 0
  const parser = createCallParser({ newId: () => String(++ids), tools: TOOLS })
  const events = pieces
    .map((text): TurnEvent => ({ type: 'text', choice: 0, text }))
    .concat({ type: 'finish', choice: 0, reason })
    .flatMap((event) => parser.push(event))
    .concat(parser.end())
  return { events, said: read(events), finish: events.findLast(({ type }) => type === 'finish') }
}

function read(events: readonly TurnEvent[]): Said[] {
  const said: Said[] = []
  for (const event of events) {
    const last = said.at(-1)
    if (event.type === 'text') {
      if (last && 'text' in last) said[said.length - 1] = { text: last.text + event.text }
      else said.push({ text: event.text })
    }
    if (event.type === 'call') said.push({ name: event.name, arguments: '' })
    if (event.type === 'arguments' && last && 'name' in last)
      said[said.length - 1] = { ...last, arguments: last.arguments + event.text }
  }
  return said
}

/** Cut a text at the given places, wherever these are. */
const cut = (text: string, places: readonly number[]): string[] => {
  const at = [...new Set(places.map((place) => place % (text.length + 1)))].sort((a, b) => a - b)
  return [0, ...at].map((from, index) => text.slice(from, at[index])).filter(Boolean)
}

const text = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '<',
        '<tool',
        '<tool_call',
        '</tool_call>',
        '>',
        '{"',
        '}',
        '```\n',
        ' ',
        '\n',
      ),
      fc.string({ unit: 'grapheme', maxLength: 8 }),
    ),
    { maxLength: 8 },
  )
  .map((parts) => parts.join(''))
  .filter((it) => !it.includes('<tool_call>'))

const call = fc.oneof(
  fc
    .tuple(
      fc.constantFrom({ name: 'look_up' }, { name: 'send', namespace: 'mail' }),
      fc.dictionary(
        fc.oneof(fc.string(), fc.constantFrom('</tool_call>', '__proto__')),
        fc.oneof(fc.jsonValue(), fc.constantFrom('</tool_call>', '<tool_call>{"name":"x"}', '\\"')),
      ),
    )
    .map(([tool, value]) => ({ ...tool, custom: false, arguments: JSON.stringify(value) })),
  fc
    .oneof(fc.string({ unit: 'binary' }), fc.constant('a\n</tool_call>"\\'))
    .map((input) => ({ name: 'shell', custom: true, arguments: input })),
)

const cuts = fc.array(fc.nat(2000), { maxLength: 40 })

/** Blanks around a call belong to its form. */
function expected(said: readonly (string | { name: string; arguments: string })[]): Said[] {
  return said
    .map((it, at): Said => {
      if (typeof it !== 'string') return { name: it.name, arguments: it.arguments }
      const after = at > 0 ? it.trimStart() : it
      return { text: at < said.length - 1 ? after.trimEnd() : after }
    })
    .filter((it) => !('text' in it) || it.text !== '')
}

test('texts and calls in the form of calls come out as they are, wherever they are cut', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(text, call), { maxLength: 4 }), text, cuts, (pairs, last, at) => {
      const said = [...pairs.flat(), last]
      const written = said.map((it) => (typeof it === 'string' ? it : writeCall(it))).join('')
      const { said: found, finish } = parse(cut(written, at))
      expect(found).toEqual(expected(said))
      expect(finish).toMatchObject({ reason: pairs.length > 0 ? 'tool_calls' : 'stop' })
    }),
    { numRuns: 2000 },
  )
})

test('no piece of a tag is ever said, one character at a time', () => {
  const written = `Let me see. \n\n${writeCall({ name: 'look_up', custom: false, arguments: '{"q":"x"}' })}\n${writeCall({ name: 'shell', custom: true, arguments: 'ls' })}\n\nDone <3`
  const { events, said } = parse([...written])
  expect(said).toEqual([
    { text: 'Let me see.' },
    { name: 'look_up', arguments: '{"q":"x"}' },
    { name: 'shell', arguments: 'ls' },
    { text: 'Done <3' },
  ])
  const texts = events.flatMap((event) => (event.type === 'text' ? [event.text] : []))
  expect(texts.filter((it) => it.includes('<')).join()).toBe(' <3')
})

test('text that cannot be a tag is not held back, and is passed on as the event it was', () => {
  const parser = createCallParser({ newId: () => '1', tools: TOOLS })
  const event: TurnEvent = { type: 'text', choice: 0, text: 'plain', logprobs: [] }
  expect(parser.push(event)[0]).toBe(event)
  const push = (it: string) =>
    parser.push({ type: 'text', choice: 0, text: it }).map((e) => (e as { text: string }).text)
  expect(push(' a <')).toEqual([' a'])
  expect(push('b')).toEqual([' <b'])
  expect(push('<tool_')).toEqual([])
  expect(push('calls>')).toEqual(['<tool_calls>'])
  expect(push('<tool_call>')).toEqual([])
  expect(push(' is how')).toEqual(['<tool_call>', ' is how'])
})

describe('what models commonly do wrong is forgiven', () => {
  const fine = [{ name: 'look_up', arguments: '{"q":"x"}' }]
  const cases: readonly [string, string, readonly Said[]][] = [
    ['a comma too many', '<tool_call>{"name":"look_up","arguments":{"q":"x",},}</tool_call>', fine],
    [
      'a code fence within',
      '<tool_call>\n```json\n{"name":"look_up","arguments":{"q":"x"}}\n```\n</tool_call>',
      fine,
    ],
    ['a brace too few', '<tool_call>{"name":"look_up","arguments":{"q":"x"}</tool_call>', fine],
    ['a brace too few at the end', '<tool_call>{"name":"look_up","arguments":{"q":"x"}', fine],
    ['a brace too many', '<tool_call>{"name":"look_up","arguments":{"q":"x"}}}</tool_call>', fine],
    ['no last tag', '<tool_call>{"name":"look_up","arguments":{"q":"x"}}', fine],
    ['half of the last tag', '<tool_call>{"name":"look_up","arguments":{"q":"x"}}</tool_c', fine],
    [
      'arguments as a text',
      '<tool_call>{"name":"look_up","arguments":"{\\"q\\":\\"x\\"}"}</tool_call>',
      fine,
    ],
    [
      'another word for arguments',
      '<tool_call>{"name":"look_up","parameters":{"q":"x"}}</tool_call>',
      fine,
    ],
    [
      'no arguments',
      '<tool_call>{"name":"look_up"}</tool_call>',
      [{ name: 'look_up', arguments: '{}' }],
    ],
    [
      'a key twice',
      '<tool_call>{"name":"look_up","arguments":{"q":"y","q":"x"}}</tool_call>',
      fine,
    ],
    [
      'several calls in one tag',
      '<tool_call>{"name":"look_up","arguments":{"q":"x"}}\n{"name":"look_up","arguments":{"q":"x"}}</tool_call>',
      [...fine, ...fine],
    ],
    [
      'a call before the last one ends',
      '<tool_call>{"name":"look_up","arguments":{"q":"x"}}<tool_call>{"name":"look_up","arguments":{"q":"x"}}</tool_call>',
      [...fine, ...fine],
    ],
    [
      'text behind a call without its last tag',
      '<tool_call>{"name":"look_up","arguments":{"q":"x"}}\nSo be it',
      [...fine, { text: 'So be it' }],
    ],
    [
      'a line break within a text',
      '<tool_call>{"name":"shell","input":"a\nb"}</tool_call>',
      [{ name: 'shell', arguments: 'a\nb' }],
    ],
    [
      'input in arguments',
      '<tool_call>{"name":"shell","arguments":{"input":"ls"}}</tool_call>',
      [{ name: 'shell', arguments: 'ls' }],
    ],
    [
      'a name without its namespace',
      '<tool_call>{"name":"send","arguments":{}}</tool_call>',
      [{ name: 'send', arguments: '{}' }],
    ],
    [
      'a call in a code block',
      '```xml\n<tool_call>{"name":"look_up","arguments":{"q":"x"}}</tool_call>\n```',
      [{ text: '```xml' }, ...fine, { text: '```' }],
    ],
    [
      'a long number',
      '<tool_call>{"name":"look_up","arguments":{"id":12345678901234567890}}</tool_call>',
      [{ name: 'look_up', arguments: '{"id":12345678901234567890}' }],
    ],
  ]
  for (const [name, written, said] of cases)
    test(name, () => {
      for (const pieces of [[written], [...written]]) {
        const { said: found, finish } = parse(pieces)
        expect(found).toEqual([...said])
        expect(finish).toMatchObject({ reason: 'tool_calls' })
      }
    })
})

describe('what is no call stays the text it was', () => {
  const cases: readonly [string, string][] = [
    ['a name that is no text', 'a <tool_call>{"name":{"toString":1},"arguments":{}}</tool_call> b'],
    ['an unknown tool', 'a <tool_call>{"name":"rm","arguments":{}}</tool_call> b'],
    ['no JSON', '<tool_call>look_up(q="x")</tool_call>'],
    ['nothing', '<tool_call></tool_call>'],
    ['JSON that cannot be mended', '<tool_call>{"name":"look_up","arguments":{"q":}}</tool_call>!'],
    [
      'a quote that is never closed',
      '<tool_call>{"name":"look_up","arguments":{"q":"x}}</tool_call> then',
    ],
    ['a call that was cut off', '<tool_call>{"name":"look_up","arguments":{"q":"x'],
    ['a tag at the end', 'Write <tool_call>'],
    ['the beginning of a tag at the end', 'a  <tool_c'],
    ['a list', '<tool_call>[1]</tool_call>'],
    ['an endless row of blanks', `a${' '.repeat(5000)}b`],
  ]
  for (const [name, written] of cases)
    test(name, () => {
      for (const pieces of [[written], [...written]]) {
        const { said, finish } = parse(pieces)
        expect(said).toEqual([{ text: written }])
        expect(finish).toMatchObject({ reason: 'stop' })
      }
    })
})

test('a call is found behind one whose quotes do not match', () => {
  const broken = '<tool_call>{"name":"look_up","arguments":{"q":"x}}</tool_call>'
  const { said } = parse([
    `${broken} or ${writeCall({ name: 'shell', custom: true, arguments: 'ls' })}`,
  ])
  expect(said).toEqual([{ text: `${broken} or` }, { name: 'shell', arguments: 'ls' }])
})

test('an answer that ran out of tokens says so, calls or not', () => {
  const written = writeCall({ name: 'shell', custom: true, arguments: 'ls' })
  expect(parse([written], 'length').finish).toMatchObject({ reason: 'length' })
})

test('choices do not disturb each other, and other events pass untouched', () => {
  const parser = createCallParser({ newId: () => '1', tools: TOOLS })
  const thinking: TurnEvent = { type: 'thinking', choice: 1, text: '<tool_call>', part: 0 }
  const usage = {
    input: 1,
    cached: 0,
    output: 1,
    reasoning: 0,
    costTicks: 0,
    source: 'reported',
  } as const
  const events = [
    { type: 'text', choice: 0, text: '<tool_call>{"name":"look' },
    thinking,
    { type: 'text', choice: 1, text: 'hello <' },
    { type: 'text', choice: 0, text: '_up"}</tool_call>' },
    { type: 'finish', choice: 1, reason: 'stop' },
    { type: 'finish', choice: 0, reason: 'stop' },
    { type: 'usage', usage },
  ] satisfies readonly TurnEvent[]
  const out = events.flatMap((event) => parser.push(event))
  expect(out).toContain(thinking)
  expect(out.filter((event) => event.type !== 'usage' && event.choice === 1)).toEqual([
    thinking,
    { type: 'text', choice: 1, text: 'hello' },
    { type: 'text', choice: 1, text: ' <' },
    { type: 'finish', choice: 1, reason: 'stop' },
  ])
  expect(out.filter((event) => event.type !== 'usage' && event.choice === 0)).toEqual([
    { type: 'call', choice: 0, id: 'call_1', name: 'look_up', custom: false },
    { type: 'arguments', choice: 0, text: '{}' },
    { type: 'finish', choice: 0, reason: 'tool_calls' },
  ])
})

const CALLED = '<tool_call>{"name":"look_up"}'

test('blanks without end after a call are not said, and its last tag is still found', () => {
  const blanks = '\n'.repeat(5_000)
  const { said } = parse([CALLED, ...blanks, '</tool_call>', 'So.'])
  expect(said).toEqual([{ name: 'look_up', arguments: '{}' }, { text: 'So.' }])
})

test('what only looks like calls costs no more than its length', () => {
  const start = performance.now()
  parse(Array.from({ length: 20_000 }, () => '<tool_call>{"a'))
  parse(Array.from({ length: 20_000 }, () => '</tool_call>{'))
  parse([`<tool_call>{"${'\\"</tool_call>'.repeat(50_000)}`])
  for (const before of ['<tool_call>', '<tool_call>```', CALLED])
    parse([before, ...' '.repeat(100_000)])
  expect(performance.now() - start).toBeLessThan(5_000)
})
