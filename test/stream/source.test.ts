import { describe, expect, test } from 'bun:test'
import { readHead, type Source } from '#src/stream/source'
import { LEFT, tap } from '#src/stream/tap'

const encoder = new TextEncoder()
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes)

/** A source of pieces; a number is a pause in milliseconds before the next. */
function sourceOf(pieces: readonly (string | number | Error)[]): Source {
  const left = [...pieces]
  return {
    async next() {
      const piece = left.shift()
      if (typeof piece === 'number') {
        await Bun.sleep(piece)
        return this.next()
      }
      if (piece instanceof Error) throw piece
      return piece === undefined ? undefined : encoder.encode(piece)
    },
  }
}

describe('the head of an answer', () => {
  test('is the whole answer when nothing has to be waited for', async () => {
    const head = await readHead(sourceOf(['a', 'b', 'c']))
    expect([text(head.bytes), head.whole]).toEqual(['abc', true])
    expect(text((await readHead(sourceOf([]))).bytes)).toBe('')
  })
  test('ends where the source has to wait', async () => {
    const head = await readHead(sourceOf(['a', 'b', 20, 'c']))
    expect([text(head.bytes), head.whole]).toEqual(['ab', false])
    expect(text((await head.pending) ?? encoder.encode(''))).toBe('c')
  })
  test('ends when it is large enough', async () => {
    const head = await readHead(sourceOf(Array(10).fill('x'.repeat(100 * 1024))))
    expect([head.bytes.length, head.whole]).toEqual([300 * 1024, false])
    await head.pending
  })
  test('is no head when it broke before anything was sent', async () => {
    await expect(readHead(sourceOf(['a', new Error('broke')]))).rejects.toThrow('broke')
  })
})

describe('a tap', () => {
  const filter = { push: (bytes: Uint8Array) => bytes, end: () => encoder.encode('!') }
  const streamOf = (pieces: readonly string[], fail = false) =>
    new ReadableStream<Uint8Array>({
      start(controller) {
        for (const piece of pieces) controller.enqueue(encoder.encode(piece))
        if (fail) controller.error(new Error('broke'))
        else controller.close()
      },
    })
  test('passes bytes on and tells of their end', async () => {
    const ends: unknown[] = []
    const out = tap(streamOf(['a', 'b']), { filter, onEnd: (why) => ends.push(why) })
    expect(await new Response(out).text()).toBe('ab!')
    expect(ends).toEqual([undefined])
  })
  test('tells of a break', async () => {
    const ends: unknown[] = []
    const reader = tap(streamOf([], true), { filter, onEnd: (why) => ends.push(why) }).getReader()
    await reader.read().catch(() => {})
    expect(ends).toEqual([expect.objectContaining({ message: 'broke' })])
  })
  test('tells of a reader who leaves', async () => {
    const ends: unknown[] = []
    await tap(streamOf(['a', 'b']), { filter, onEnd: (why) => ends.push(why) }).cancel()
    expect(ends).toEqual([LEFT])
  })
})
