/** What a fake upstream was sent. */
export interface Seen {
  readonly method: string
  readonly path: string
  readonly headers: Headers
  readonly body: string
  /** Resolves when the caller hangs up. */
  readonly aborted: Promise<void>
}

/** What to answer a call with; undefined for the standard answer. */
export type Script = (
  seen: Seen,
  request: Request,
) => Response | undefined | Promise<Response | undefined>

/**
 * An OpenAI-compatible server, a real one, that does what its script says, and by default answers as
 * OpenAI's documentation shows (openai-api.md, 1.1). Written from that text alone.
 */
export function fakeUpstream(script: Script = () => undefined) {
  const seen: Seen[] = []
  let current = script
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    idleTimeout: 0,
    async fetch(request) {
      const aborted = new Promise<void>((resolve) =>
        request.signal.addEventListener('abort', () => resolve()),
      )
      const { pathname, search } = new URL(request.url)
      const entry = {
        method: request.method,
        path: pathname + search,
        headers: request.headers,
        body: await request.text(),
        aborted,
      }
      seen.push(entry)
      return (await current(entry, request)) ?? standardAnswer(entry)
    },
  })
  return {
    url: `http://127.0.0.1:${server.port}/v1`,
    seen,
    /** Calls of models, without those of the model list. */
    asked: () => seen.filter(({ path }) => path !== '/v1/models'),
    script(next: Script) {
      current = next
    },
    /** As if the machine went away. */
    stop: () => server.stop(true),
    [Symbol.asyncDispose]: () => server.stop(true),
  }
}

export type FakeUpstream = ReturnType<typeof fakeUpstream>

export const MODELS = ['grok-4', 'grok-4-mini']

function standardAnswer({ path, body }: Seen): Response {
  if (path === '/v1/models')
    return Response.json({
      object: 'list',
      data: MODELS.map((id) => ({ id, object: 'model', created: 1760000000, owned_by: 'xai' })),
    })
  if (path !== '/v1/chat/completions')
    return Response.json({ error: { message: 'no such path' } }, { status: 404 })
  const { stream } = JSON.parse(body)
  return stream ? sse(helloEvents()) : Response.json(hello())
}

export const USAGE = { prompt_tokens: 9, completion_tokens: 2, total_tokens: 11 }

/** A whole answer. */
export const hello = (extra: object = {}) => ({
  id: 'c-1',
  object: 'chat.completion',
  created: 1760000000,
  model: 'grok-4-0709',
  choices: [
    {
      index: 0,
      message: { role: 'assistant', content: 'Hello there', refusal: null },
      finish_reason: 'stop',
      logprobs: null,
    },
  ],
  usage: USAGE,
  ...extra,
})

/** One chunk of a stream. */
export const chunk = (delta: object, finish: string | null = null, extra: object = {}) => ({
  id: 'c-1',
  object: 'chat.completion.chunk',
  created: 1760000000,
  model: 'grok-4-0709',
  choices: [{ index: 0, delta, finish_reason: finish }],
  ...extra,
})

/** A stream as an upstream sends it that was asked for usage. */
export const helloEvents = (): string[] =>
  [
    chunk({ role: 'assistant', content: '' }),
    chunk({ content: 'Hello' }),
    chunk({ content: ' there' }),
    chunk({}, 'stop'),
    { ...chunk({}), choices: [], usage: USAGE },
  ]
    .map((event) => JSON.stringify(event))
    .concat('[DONE]')

/** How a stream is to be sent. */
interface Manner {
  readonly gapMs?: number
  /** Break the connection instead of ending the stream. */
  readonly cut?: boolean
  /** Never end. */
  readonly hang?: boolean
}

/** A stream of events, sent one by one. */
export const sse = (events: readonly string[], manner: Manner = {}): Response =>
  bytes(
    events.map((event) => `data: ${event}\n\n`),
    manner,
  )

/** A stream of raw pieces. */
export function bytes(
  pieces: readonly (string | Uint8Array)[],
  { gapMs = 0, cut, hang }: Manner = {},
): Response {
  const encoder = new TextEncoder()
  let at = 0
  return new Response(
    new ReadableStream(
      {
        async pull(controller) {
          if (gapMs > 0 && at > 0) await Bun.sleep(gapMs)
          const piece = pieces[at++]
          if (piece !== undefined)
            return controller.enqueue(typeof piece === 'string' ? encoder.encode(piece) : piece)
          if (hang) return new Promise(() => {})
          if (!cut) return controller.close()
          // Let what was written be read first: a busy reader may learn of the end before.
          await Bun.sleep(100)
          controller.error()
        },
      },
      { highWaterMark: 0 },
    ),
    { headers: { 'content-type': 'text/event-stream' } },
  )
}
