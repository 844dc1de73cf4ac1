import { PLAIN_WORDS, wordsOf } from './answer'
import { PACED, SCENARIOS } from './scenarios'

// A fake upstream. The model's name says how it answers: `-lat60` waits 60 ms first, `-n50` streams 50
// words instead of 20, `-gap20` leaves 20 ms between them. Listens on PORT.

const encoder = new TextEncoder()
const base = { id: 'chatcmpl-bench', created: 1_790_000_000, model: 'bench' }
const usageOf = (words: number) => ({
  prompt_tokens: 12,
  completion_tokens: words,
  total_tokens: 12 + words,
  prompt_tokens_details: { cached_tokens: 0 },
  completion_tokens_details: { reasoning_tokens: 0 },
})

const message = { role: 'assistant', content: wordsOf(PLAIN_WORDS).join(''), refusal: null }
const plain = encoder.encode(
  JSON.stringify({
    ...base,
    object: 'chat.completion',
    choices: [{ index: 0, message, logprobs: null, finish_reason: 'stop' }],
    usage: usageOf(PLAIN_WORDS),
  }),
)

const ids = new Set([...SCENARIOS, PACED].map(({ model }) => model))
const models = {
  object: 'list',
  data: [...ids].map((id) => ({ id, object: 'model', created: 1, owned_by: 'bench' })),
}

const made = new Map<string, Uint8Array[]>()

function chunksOf(words: number, withUsage: boolean): Uint8Array[] {
  const name = `${words} ${withUsage}`
  const known = made.get(name)
  if (known) return known
  const event = (data: object) =>
    `data: ${JSON.stringify({ ...base, object: 'chat.completion.chunk', ...data })}\n\n`
  const choice = (delta: object, finish_reason: string | null = null) =>
    event({ choices: [{ index: 0, delta, finish_reason }] })
  const chunks = [
    ...wordsOf(words).map((content, index) =>
      choice(index === 0 ? { role: 'assistant', content } : { content }),
    ),
    choice({}, 'stop') + (withUsage ? event({ choices: [], usage: usageOf(words) }) : ''),
    'data: [DONE]\n\n',
  ].map((text) => encoder.encode(text))
  made.set(name, chunks)
  return chunks
}

function streamOf(chunks: readonly Uint8Array[], gapMs: number, signal: AbortSignal) {
  const source: Bun.DirectUnderlyingSource<Uint8Array> = {
    type: 'direct',
    async pull(controller) {
      for (const chunk of chunks) {
        if (signal.aborted) return
        controller.write(chunk)
        controller.flush()
        if (gapMs) await Bun.sleep(gapMs)
      }
      controller.close()
    },
  }
  // The types of the browser, which come first, know no direct streams.
  return new ReadableStream(source as unknown as UnderlyingSource<Uint8Array>)
}

const numberIn = (text: string, pattern: RegExp): number => Number(pattern.exec(text)?.[1] ?? 0)

Bun.serve({
  port: Number(process.env.PORT),
  hostname: '127.0.0.1',
  idleTimeout: 0,
  development: false,
  async fetch(request) {
    if (request.method === 'GET') return Response.json(models)
    const body = await request.text()
    const model = /"model":"([^"]+)"/.exec(body)?.[1] ?? ''
    const waitMs = numberIn(model, /-lat(\d+)/)
    if (waitMs) await Bun.sleep(waitMs)
    if (!body.includes('"stream":true'))
      return new Response(plain, { headers: { 'content-type': 'application/json' } })
    const chunks = chunksOf(numberIn(model, /-n(\d+)/) || 20, body.includes('"include_usage":true'))
    return new Response(streamOf(chunks, numberIn(model, /-gap(\d+)/), request.signal), {
      headers: { 'content-type': 'text/event-stream' },
    })
  },
})
