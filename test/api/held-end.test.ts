import { describe, expect, test } from 'bun:test'
import { endWhenWritten } from '#src/api/responses/held-end'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const event = (name: string): string => `event: ${name}\ndata: {"type":"${name}"}\n\n`
const DELTA = event('response.output_text.delta')

/** What was said, in pieces, and a writing that ends when the test says so. */
function held(pieces: readonly string[]) {
  const { promise, resolve } = Promise.withResolvers<void>()
  let asked = 0
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const piece of pieces) controller.enqueue(bytes(piece))
      controller.close()
    },
  })
  const written = () => {
    asked += 1
    return promise
  }
  const reader = endWhenWritten(body, written).getReader()
  return {
    reader,
    asked: () => asked,
    write: resolve,
    /** The next piece, or undefined at the end. */
    async next(): Promise<string | undefined> {
      const { value } = await reader.read()
      return value && new TextDecoder().decode(value)
    },
  }
}

describe.each(['completed', 'incomplete', 'failed'])('an answer that is %s', (how) => {
  const last = event(`response.${how}`)

  test('ends when what was said is written, and is read as it comes until then', async () => {
    const it = held([event('response.created'), DELTA, last, 'data: [DONE]\n\n'])
    expect(await it.next()).toBe(event('response.created'))
    expect(await it.next()).toBe(DELTA)
    expect(it.asked()).toBe(0)
    let isThere = false
    const end = it.next().finally(() => {
      isThere = true
    })
    await Bun.sleep(20)
    expect([it.asked(), isThere]).toEqual([1, false])
    it.write()
    expect(await end).toBe(last)
    expect(await it.next()).toBe('data: [DONE]\n\n')
    expect(await it.next()).toBeUndefined()
    expect(it.asked()).toBe(1)
  })

  test('is held with what came in the same piece', async () => {
    const it = held([DELTA + last])
    const end = it.next()
    await Bun.sleep(20)
    expect(it.asked()).toBe(1)
    it.write()
    expect(await end).toBe(DELTA + last)
    expect(await it.next()).toBeUndefined()
  })
})

test('an answer that only speaks of its end is read as it comes', async () => {
  const piece = `event: response.output_text.delta\ndata: ${event('response.completed').trimEnd().replaceAll('\n', '\\n')}\n\n`
  const it = held([piece])
  expect(await it.next()).toBe(piece)
  expect(it.asked()).toBe(0)
  const end = it.next()
  it.write()
  expect(await end).toBeUndefined()
})

test('who leaves ends the answer behind it, and waits for nothing to be written', async () => {
  const left: unknown[] = []
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(bytes(DELTA)),
    cancel: (reason) => void left.push(reason),
  })
  let asked = 0
  const reader = endWhenWritten(body, async () => {
    asked += 1
  }).getReader()
  await reader.read()
  await reader.cancel('the client has gone')
  expect(left).toEqual(['the client has gone'])
  expect(asked).toBe(0)
})

test('an answer that breaks off is broken for its reader, too', async () => {
  const pieces = [DELTA]
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const piece = pieces.shift()
      if (piece === undefined) throw new Error('the upstream has gone')
      controller.enqueue(bytes(piece))
    },
  })
  const reader = endWhenWritten(body, async () => undefined).getReader()
  expect(new TextDecoder().decode((await reader.read()).value)).toBe(DELTA)
  await expect(reader.read()).rejects.toThrow('the upstream has gone')
})
