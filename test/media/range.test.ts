import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { isKnown, isSameVersion, readRange } from '#src/media/range'
import { ownClock } from '../support/own-clock'

const whole = { is: 'whole' } as const
const nothing = { is: 'nothing' } as const
const part = (from: number, to: number) => ({ is: 'part', from, to }) as const

describe('what a range asks for', () => {
  test.each([
    [null, 10, whole],
    ['bytes=0-0', 10, part(0, 1)],
    ['bytes=0-9', 10, part(0, 10)],
    ['bytes=2-5', 10, part(2, 6)],
    ['bytes=2-', 10, part(2, 10)],
    ['bytes=9-', 10, part(9, 10)],
    ['bytes=-1', 10, part(9, 10)],
    ['bytes=-10', 10, part(0, 10)],
    ['bytes=-11', 10, part(0, 10)],
    ['bytes=5-100', 10, part(5, 10)],
    ['Bytes=5-6', 10, part(5, 7)],
    [' bytes=5-6 ', 10, part(5, 7)],
    // There is no such byte.
    ['bytes=10-', 10, nothing],
    ['bytes=10-12', 10, nothing],
    ['bytes=-0', 10, nothing],
    ['bytes=0-', 0, nothing],
    ['bytes=-5', 0, nothing],
    // What cannot be read is ignored, and so is more than one.
    ['bytes=5-2', 10, whole],
    ['bytes=-', 10, whole],
    ['bytes=', 10, whole],
    ['bytes', 10, whole],
    ['', 10, whole],
    ['bytes=a-b', 10, whole],
    ['bytes=1-2-3', 10, whole],
    ['bytes=--1', 10, whole],
    ['bytes=+1-2', 10, whole],
    ['bytes=1.5-2', 10, whole],
    ['bytes=0x1-0x2', 10, whole],
    ['items=0-1', 10, whole],
    ['bytes 0-1', 10, whole],
    ['bytes=0-1,3-4', 10, whole],
    ['bytes=0-1,', 10, whole],
  ] as const)('%p of %p bytes', (header, size, wanted) => {
    expect(readRange(header, size)).toEqual(wanted)
  })

  test('is always within it, and never empty', () => {
    const number = fc.oneof(fc.nat(40).map(String), fc.constant(''), fc.string({ maxLength: 3 }))
    fc.assert(
      fc.property(fc.nat(30), number, number, (size, first, last) => {
        const wanted = readRange(`bytes=${first}-${last}`, size)
        if (wanted.is !== 'part') return
        expect(wanted.from).toBeGreaterThanOrEqual(0)
        expect(wanted.from).toBeLessThan(wanted.to)
        expect(wanted.to).toBeLessThanOrEqual(size)
      }),
    )
  })

  test('is what an array has there', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 30 }), fc.nat(40), fc.nat(40), (size, from, more) => {
        const all = Array.from({ length: size }, (_, at) => at)
        const read = (header: string) => {
          const wanted = readRange(header, size)
          return wanted.is === 'part' ? all.slice(wanted.from, wanted.to) : []
        }
        expect(read(`bytes=${from}-${from + more}`)).toEqual(all.slice(from, from + more + 1))
        expect(read(`bytes=${from}-`)).toEqual(all.slice(from))
        expect(read(`bytes=-${from}`)).toEqual(from === 0 ? [] : all.slice(-from))
      }),
    )
  })

  test('may say numbers of any length', () => {
    const huge = '9'.repeat(400)
    expect(readRange(`bytes=${huge}-`, 10)).toEqual(nothing)
    expect(readRange(`bytes=0-${huge}`, 10)).toEqual(part(0, 10))
    expect(readRange(`bytes=-${huge}`, 10)).toEqual(part(0, 10))
  })

  test('takes no longer for many', () => {
    const header = `bytes=${Array.from({ length: 10_000 }, (_, at) => `${at}-${at}`).join(',')}`
    expect(readRange(header, 20_000)).toEqual(whole)
    using clock = ownClock()
    const began = clock.now()
    for (let time = 0; time < 1_000; time++) readRange(header, 20_000)
    expect(clock.now() - began).toBeLessThan(1_000)
  })
})

const MODIFIED = Date.UTC(2026, 1, 3, 4, 5, 6, 789)
const SAME = 'Tue, 03 Feb 2026 04:05:06 GMT'
const EARLIER = 'Tue, 03 Feb 2026 04:05:05 GMT'
const LATER = 'Tue, 03 Feb 2026 04:05:07 GMT'
const version = { etag: '"a"', modifiedAt: MODIFIED }

/** Headers from `name: value; name: value`. */
const headersOf = (lines: string) =>
  new Headers(
    lines.split('; ').flatMap((line) => (line ? [line.split(': ') as [string, string]] : [])),
  )

describe('a client has it already', () => {
  test.each([
    ['', false],
    ['if-none-match: "a"', true],
    ['if-none-match: W/"a"', true],
    ['if-none-match: "b", W/"c,d" , "a"', true],
    ['if-none-match: *', true],
    ['if-none-match: "b"', false],
    ['if-none-match: "b,a"', false],
    ['if-none-match: a', false],
    ['if-none-match: ', false],
    [`if-modified-since: ${SAME}`, true],
    [`if-modified-since: ${LATER}`, true],
    [`if-modified-since: ${EARLIER}`, false],
    ['if-modified-since: Tuesday, 03-Feb-26 04:05:06 GMT', true],
    ['if-modified-since: 1', false],
    ['if-modified-since: never', false],
    // The tag is the better word.
    [`if-none-match: "b"; if-modified-since: ${SAME}`, false],
    [`if-none-match: "a"; if-modified-since: ${EARLIER}`, true],
  ] as const)('%p', (lines, expected) => {
    expect(isKnown(headersOf(lines), version)).toBe(expected)
  })

  test('by no tag, while there is none', () => {
    const growing = { ...version, etag: undefined }
    expect(isKnown(new Headers({ 'if-none-match': '"a"' }), growing)).toBe(false)
    expect(isKnown(new Headers({ 'if-modified-since': SAME }), growing)).toBe(true)
  })
})

describe('a part belongs to what a client has', () => {
  test.each([
    ['', true],
    ['if-range: "a"', true],
    [`if-range: ${SAME}`, true],
    ['if-range: W/"a"', false],
    ['if-range: "b"', false],
    [`if-range: ${EARLIER}`, false],
    [`if-range: ${LATER}`, false],
    ['if-range: a', false],
  ] as const)('%p', (lines, expected) => {
    expect(isSameVersion(headersOf(lines), version)).toBe(expected)
  })

  test('only by the tag or the date that it has', () => {
    const growing = { ...version, etag: undefined }
    expect(isSameVersion(new Headers({ 'if-range': '"a"' }), growing)).toBe(false)
  })
})
