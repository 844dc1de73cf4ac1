import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { createJsonLines } from '#src/stream/json-lines'

const MOST = 4 * 1024 * 1024

/** What comes out of a text in pieces of this size, and what it was ended by. */
function read(text: string, size = text.length || 1, most = MOST) {
  const lines = createJsonLines({ most })
  const values: unknown[] = []
  try {
    for (let at = 0; at < text.length; at += size)
      values.push(...lines.push(text.slice(at, at + size)))
    values.push(...lines.end())
  } catch (error) {
    return { values, error: (error as Error).name }
  }
  return { values, error: undefined }
}

const SIZES = [1, 2, 3, 7, 1000]

describe('what servers make of one value a line', () => {
  test.each<[string, string, unknown[]]>([
    ['one a line', '{"a":1}\n{"b":2}\n', [{ a: 1 }, { b: 2 }]],
    ['CRLF', '{"a":1}\r\n{"b":2}\r\n', [{ a: 1 }, { b: 2 }]],
    ['no end of the last line', '{"a":1}\n{"b":2}', [{ a: 1 }, { b: 2 }]],
    ['blank lines', '\n\n{"a":1}\n \n\t\n{"b":2}\n\n', [{ a: 1 }, { b: 2 }]],
    ['nothing', '', []],
    [
      'server-sent events',
      'data: {"a":1}\n\ndata:{"b":2}\n\ndata: [DONE]\n\n',
      [{ a: 1 }, { b: 2 }],
    ],
    ['their other fields', 'event: x\nid: 1\nretry: 5\n: ping\ndata: {"a":1}\n\n', [{ a: 1 }]],
    ['a done without its field', '{"a":1}\n[DONE]\n', [{ a: 1 }]],
    [
      'several on a line',
      '{"a":1}{"b":2} {"c":3}\n{"d":4}\n',
      [{ a: 1 }, { b: 2 }, { c: 3 }, { d: 4 }],
    ],
    ['no lines at all', '{"a":1}{"b":[2]}{"c":3}', [{ a: 1 }, { b: [2] }, { c: 3 }]],
    ['one over several lines', '{\n  "a": [\n    1\n  ]\n}\n{"b":2}\n', [{ a: [1] }, { b: 2 }]],
    ['one over several events', 'data: {"a":\ndata: [1]}\n\n{"b":2}\n', [{ a: [1] }, { b: 2 }]],
    ['lists and plain values', '[1,2]\n3\n"x"\nnull\n', [[1, 2], 3, 'x', null]],
    [
      'brackets and quotes in strings',
      '{"a":"}{][\\"\\\\"}{"b":"\\u007d"}',
      [{ a: '}{]["\\' }, { b: '}' }],
    ],
  ])('%s', (_, text, values) => {
    for (const size of SIZES) expect(read(text, size)).toEqual({ values, error: undefined })
  })
})

describe('what is given before a fault', () => {
  test.each<[string, string, unknown[], string]>([
    ['no JSON', '<html>\n<body>', [], 'SyntaxError'],
    ['no JSON later', '{"a":1}\n{"b":2}\nuseless\n{"c":3}\n', [{ a: 1 }, { b: 2 }], 'SyntaxError'],
    ['no JSON behind a value', '{"a":1} useless\n{"c":3}\n', [{ a: 1 }], 'SyntaxError'],
    ['half a line at the end', '{"a":1}\n{"b":', [{ a: 1 }], 'SyntaxError'],
    ['half a field at the end', '{"a":1}\ndat', [{ a: 1 }], 'SyntaxError'],
    [
      'half a string before the next line',
      '{"a":1}\n{"b":"x\n{"c":3}\n',
      [{ a: 1 }],
      'SyntaxError',
    ],
    ['a bracket too many', '{"a":1}}\n{"b":2}\n', [{ a: 1 }], 'SyntaxError'],
    ['what only looks like a value', '{"a":1}\n{b}\n{"c":3}\n', [{ a: 1 }], 'SyntaxError'],
  ])('%s', (_, text, values, error) => {
    for (const size of SIZES) expect(read(text, size)).toEqual({ values, error })
  })

  test('and half a string is known by the end of its line', () =>
    expect(() => createJsonLines({ most: MOST }).push('{"a":"x\n')).toThrow(SyntaxError))

  test('and it stays broken', () => {
    const lines = createJsonLines({ most: MOST })
    expect(() => lines.push('useless\n')).toThrow(SyntaxError)
    expect(() => lines.push('{"a":1}\n')).toThrow(SyntaxError)
    expect(() => lines.end()).toThrow(SyntaxError)
  })
})

test('a line may be so long and no longer', () => {
  const line = JSON.stringify('x'.repeat(100))
  for (const json of [line, `{"a":${line}}`])
    for (const size of [1, 10, 1000]) {
      expect(read(`${json}\n1\n`, size, json.length).error).toBeUndefined()
      expect(read(`1\n${json}\n`, size, json.length - 1)).toEqual({
        values: [1],
        error: 'RangeError',
      })
    }
})

test('what was given out is not held', () => {
  const lines = createJsonLines({ most: 64 })
  for (let count = 0; count < 1000; count++) {
    expect(lines.push('{"a":')).toEqual([])
    expect(lines.isEmpty()).toBeFalse()
    expect(lines.push('"0123456789"}\n')).toEqual([{ a: '0123456789' }])
    expect(lines.isEmpty()).toBeTrue()
  }
})

const value = fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.object({ maxDepth: 2 })).map(
  // Neither -0 nor undefined survives JSON.
  (it) => JSON.parse(JSON.stringify(it)) as unknown,
)
const form = fc.record({
  head: fc.constantFrom('', 'data: ', 'data:', 'event: x\ndata: ', ': ping\n'),
  tail: fc.constantFrom('\n', '\r\n', '\n\n'),
  indent: fc.constantFrom(undefined, 1),
})

test('values survive every way of writing and of cutting them', () =>
  fc.assert(
    fc.property(fc.array(fc.tuple(value, form)), fc.integer({ min: 1, max: 9 }), (list, size) => {
      const text = list
        .map(([it, { head, tail, indent }]) => {
          const isNested = typeof it === 'object' && it !== null
          return head + JSON.stringify(it, null, isNested ? indent : undefined) + tail
        })
        .join('')
      expect(read(text, size).values).toEqual(list.map(([it]) => it))
    }),
  ))

test('a line of a megabyte in single signs is read in linear time', () => {
  const long = 'x"{'.repeat(350_000)
  expect(read(`{"a":${JSON.stringify(long)}}\n`, 1)).toEqual({
    values: [{ a: long }],
    error: undefined,
  })
})
