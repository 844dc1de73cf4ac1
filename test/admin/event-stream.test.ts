import { expect, test } from 'bun:test'
import { eventOf, eventStream } from '#src/admin/event-stream'

test('events have their text on lines of their own', () => {
  expect(eventOf('a\nb')).toBe('data: a\ndata: b\n\n')
  expect(eventOf('', 'done')).toBe('event: done\ndata: \n\n')
})

const isLetIn = async () => true

test('who leaves ends what the events come from', async () => {
  const abort = new AbortController()
  async function* endless() {
    yield 'one'
    await new Promise((resolve) => abort.signal.addEventListener('abort', resolve))
  }
  const reader = eventStream(endless(), { abort, isLetIn }).body?.getReader()
  expect(new TextDecoder().decode((await reader?.read())?.value)).toBe('one')
  await reader?.cancel()
  expect(abort.signal.aborted).toBe(true)
})

test('a source that fails breaks the stream', async () => {
  // biome-ignore lint/correctness/useYield: it fails before its first event.
  async function* failing(): AsyncGenerator<string> {
    throw new Error('gone')
  }
  expect(eventStream(failing(), { abort: new AbortController(), isLetIn }).text()).rejects.toThrow(
    'gone',
  )
})

test('who is not let in any more is shown no more, and one who may be is', async () => {
  const abort = new AbortController()
  async function* endless() {
    yield 'one'
    await new Promise((resolve) => abort.signal.addEventListener('abort', resolve))
    yield 'two'
  }
  const words: (boolean | Error)[] = [true, new Error('the database is away'), false]
  const stream = eventStream(endless(), {
    abort,
    isLetIn: async () => {
      const word = words.shift() ?? false
      if (word instanceof Error) throw word
      return word
    },
    heartbeatMs: 5,
  })
  expect(await stream.text()).toBe(`one${': still here\n\n'.repeat(2)}`)
  expect(abort.signal.aborted).toBe(true)
})
