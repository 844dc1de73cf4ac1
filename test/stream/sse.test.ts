import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { createEventReader } from '#src/stream/sse'
import { piecesOf } from '../support/streams'

const encoder = new TextEncoder()

function read(text: string, size: number): [string, string | undefined][] {
  const events: [string, string | undefined][] = []
  const reader = createEventReader((data, name) => events.push([data, name]))
  for (const piece of piecesOf(encoder.encode(text), size)) reader.push(piece)
  reader.end()
  return events
}

const line = fc
  .string({ unit: 'binary' })
  .map((text) => text.replaceAll(/[\r\n\ufeff\ud800-\udfff]/g, ''))
const end = fc.constantFrom('\n', '\r\n', '\r')

test('events survive every way of cutting and every line end', () =>
  fc.assert(
    fc.property(fc.array(line), end, fc.integer({ min: 1, max: 7 }), (lines, eol, size) => {
      const text = lines.map((data) => `data: ${data}${eol}${eol}`).join('')
      expect(read(text, size)).toEqual(lines.map((data) => [data, undefined]))
    }),
  ))

describe('the forms of the standard', () => {
  const cases: readonly [string, string, [string, string | undefined][]][] = [
    ['no space after the colon', 'data:x\n\n', [['x', undefined]]],
    ['only one space is taken', 'data:  x\n\n', [[' x', undefined]]],
    ['several data lines', 'data: a\ndata: b\n\n', [['a\nb', undefined]]],
    ['comments', ': ping\n\ndata: a\n: b\n\n', [['a', undefined]]],
    ['a name', 'event: error\ndata: {}\n\n', [['{}', 'error']]],
    ['a BOM', '\ufeffdata: a\n\n', [['a', undefined]]],
    ['unknown fields', 'id: 1\nretry: 5\ndata: a\n\n', [['a', undefined]]],
    [
      'a last event without its blank line',
      'data: a\n\ndata: b',
      [
        ['a', undefined],
        ['b', undefined],
      ],
    ],
    ['an event without data', 'event: ping\n\ndata: a\n\n', [['a', undefined]]],
  ]
  test.each(cases)('%s', (_, text, events) => {
    for (const size of [1, 2, 3, 1000]) expect(read(text, size)).toEqual(events)
  })
})

test('a line of a mebibyte in small pieces is read in linear time', () => {
  const long = 'x'.repeat(1024 * 1024)
  expect(read(`data: ${long}\n\n`, 100)).toEqual([[long, undefined]])
})

test('says whether bytes may be passed on as they are', () => {
  const reader = createEventReader(() => {})
  expect(reader.push(encoder.encode('data: a\n\ndata: b\n\n'))).toBe(true)
  expect(reader.push(encoder.encode('data: a\n\ndata: '))).toBe(false)
  expect(reader.push(encoder.encode('b\n\n'))).toBe(false)
  expect(reader.push(encoder.encode('data:a\n\n'))).toBe(false)
  expect(reader.push(encoder.encode(': c\n\n'))).toBe(false)
})
