import { CHAT_ANSWER, chatStream } from './chat-speech'
import { PICTURE_MODEL } from './database-turns'
import { RESPONSE, responsesStream } from './responses-speech'
import { PACED, SCENARIOS } from './scenarios'

// A fake upstream. The model's name says how it answers: `-lat60` waits 60 ms first, `-n50` streams 50
// words instead of 20, `-gap20` leaves 20 ms between them, `-same` streams chat that needs no mending. Models
// that begin with `bench-responses` are served as Responses only, all others as chat only. Listens on PORT.

/** Streams of up to so many words are prepared once and shared; longer ones are made as they are read. */
const PREPARED_WORDS = 1_000

const encoder = new TextEncoder()
const plainChat = encoder.encode(CHAT_ANSWER)
const plainResponse = encoder.encode(RESPONSE)

/** What is sniffed of a PNG, and 100 kB behind it. */
const PNG = Buffer.concat([
  Buffer.from('89504e470d0a1a0a0000000d494844520000040000000400080200000026934f3c', 'hex'),
  Buffer.alloc(100_000, 'pixels'),
])
const pictures = { created: 1, data: [{ b64_json: PNG.toString('base64') }] }

const ids = new Set([...[...SCENARIOS, PACED].map(({ model }) => model), PICTURE_MODEL])
const models = {
  object: 'list',
  data: [...ids].map((id) => ({ id, object: 'model', created: 1, owned_by: 'bench' })),
}

const made = new Map<string, readonly Uint8Array[]>()

function chunksOf(model: string, withUsage: boolean): Iterable<Uint8Array> {
  const name = `${model} ${withUsage}`
  const known = made.get(name)
  if (known) return known
  const words = numberIn(model, /-n(\d+)/) || 20
  const same = model.includes('-same') ? model : undefined
  const pieces = isForResponses(model) ? responsesStream(words) : chatStream(words, withUsage, same)
  if (words > PREPARED_WORDS) return pieces.map((piece) => encoder.encode(piece))
  const chunks = Array.from(pieces, (piece) => encoder.encode(piece))
  made.set(name, chunks)
  return chunks
}

function streamOf(chunks: Iterable<Uint8Array>, gapMs: number, signal: AbortSignal) {
  const source: Bun.DirectUnderlyingSource<Uint8Array> = {
    type: 'direct',
    async pull(controller) {
      for (const chunk of chunks) {
        if (signal.aborted) return
        const sent: unknown = controller.write(chunk)
        controller.flush()
        // A promise where the reader is behind.
        if (typeof sent !== 'number') await sent
        if (gapMs) await Bun.sleep(gapMs)
      }
      controller.close()
    },
  }
  // The types of the browser, which come first, know no direct streams.
  return new ReadableStream(source as unknown as UnderlyingSource<Uint8Array>)
}

const isForResponses = (model: string): boolean => model.startsWith('bench-responses')

const numberIn = (text: string, pattern: RegExp): number => Number(pattern.exec(text)?.[1] ?? 0)

Bun.serve({
  port: Number(process.env.PORT),
  hostname: '127.0.0.1',
  idleTimeout: 0,
  development: false,
  async fetch(request) {
    if (request.method === 'GET') return Response.json(models)
    const body = await request.text()
    if (request.url.endsWith('/images/generations')) return Response.json(pictures)
    const model = /"model":"([^"]+)"/.exec(body)?.[1] ?? ''
    const isResponse = request.url.endsWith('/responses')
    if (isResponse !== isForResponses(model))
      return Response.json({ error: { message: `${model} is not served here.` } }, { status: 404 })
    const waitMs = numberIn(model, /-lat(\d+)/)
    if (waitMs) await Bun.sleep(waitMs)
    if (!body.includes('"stream":true'))
      return new Response(isResponse ? plainResponse : plainChat, {
        headers: { 'content-type': 'application/json' },
      })
    const chunks = chunksOf(model, body.includes('"include_usage":true'))
    return new Response(streamOf(chunks, numberIn(model, /-gap(\d+)/), request.signal), {
      headers: { 'content-type': 'text/event-stream' },
    })
  },
})
