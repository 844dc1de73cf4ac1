import { expect, test } from 'bun:test'
import fc from 'fast-check'
import script from '../../web/playground-stream.js' with { type: 'text' }

interface Read {
  readonly name: string
  readonly data: string
}

const module = URL.createObjectURL(new Blob([script], { type: 'text/javascript' }))
const { readEvents } = (await import(module)) as {
  readEvents: (body: ReadableStream<Uint8Array>) => AsyncIterable<Read>
}

async function read(pieces: readonly Uint8Array[]): Promise<Read[]> {
  const all: Read[] = []
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const piece of pieces) controller.enqueue(piece)
      controller.close()
    },
  })
  for await (const event of readEvents(body)) all.push(event)
  return all
}

const line = fc.string({ unit: 'grapheme' }).map((text) => text.replace(/[\r\n]/g, ''))
const event = fc.record({
  name: fc.constantFrom('', 'error', 'image_generation.completed'),
  data: fc.array(line, { minLength: 1, maxLength: 3 }).map((lines) => lines.join('\n')),
})

test('whatever is sent is read, however the network cuts it and lines end', () =>
  fc.assert(
    fc.asyncProperty(
      fc.array(event, { maxLength: 6 }),
      fc.constantFrom('\n', '\r\n', '\r'),
      fc.integer({ min: 1, max: 9 }),
      fc.boolean(),
      async (events, end, size, isClosed) => {
        const text = events
          .map(({ name, data }) =>
            [
              ': a comment',
              ...(name ? [`event: ${name}`] : []),
              ...data.split('\n').map((one) => `data: ${one}`),
              '',
            ]
              .map((one) => one + end)
              .join(''),
          )
          .join('')
        // The last one may lack its blank line.
        const bytes = new TextEncoder().encode(isClosed ? text : text.slice(0, -end.length))
        const pieces: Uint8Array[] = []
        for (let at = 0; at < bytes.length; at += size) pieces.push(bytes.slice(at, at + size))
        expect(await read(pieces)).toEqual(events)
      },
    ),
  ))

test('a field without a colon, and one without a space after it', async () => {
  const bytes = new TextEncoder().encode('data\ndata:x\nid: 1\nretry: 5\n\n')
  expect(await read([bytes])).toEqual([{ name: '', data: '\nx' }])
})

test('a body that breaks gives what came whole, and then its own fault', async () => {
  const events: Read[] = []
  let pulls = 0
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        pulls += 1
        if (pulls > 1) controller.error(new Error('the line is dead'))
        else controller.enqueue(new TextEncoder().encode('data: one\n\ndata: tw'))
      },
    },
    { highWaterMark: 0 },
  )
  const reading = (async () => {
    for await (const event of readEvents(body)) events.push(event)
  })()
  await expect(reading).rejects.toThrow('the line is dead')
  expect(events).toEqual([{ name: '', data: 'one' }])
})
