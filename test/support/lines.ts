import { UpstreamFault } from '#src/errors'
import type { Connect } from '#src/net/line'

/** What is to be done with a socket. */
export interface Talk {
  readonly url: string
  readonly headers?: Record<string, string>
  readonly say?: readonly string[]
  /** Hang up after so many texts; 0 for at once. */
  readonly most?: number
  /** Abort after so many texts. */
  readonly abortAfter?: number
}

/** What came of it; of long texts only how long they are. */
export interface Talked {
  readonly texts: readonly (string | number)[]
  readonly fault?: { readonly kind: string; readonly message: string }
  readonly refusal?: {
    readonly status: number
    readonly retryAfter: string | null
    readonly text: string
  }
}

const SHOWN = 100

/** Open a socket, say all there is to say, and hear it out. */
export async function talk(connect: Connect, asked: Talk): Promise<Talked> {
  const { url, headers = {}, say = [], most = Number.POSITIVE_INFINITY, abortAfter } = asked
  const texts: (string | number)[] = []
  const abort = new AbortController()
  try {
    const line = await connect(url, { headers, proxy: undefined, signal: abort.signal })
    if (line instanceof Response) {
      const { status, headers: given } = line
      const refusal = { status, retryAfter: given.get('retry-after'), text: await line.text() }
      return { texts, refusal }
    }
    for (const text of say) line.send(text)
    if (most === 0) line.close()
    for await (const text of line.messages) {
      texts.push(text.length > SHOWN ? text.length : text)
      if (texts.length === abortAfter) abort.abort()
      if (texts.length >= most) line.close()
    }
    return { texts }
  } catch (cause) {
    if (!(cause instanceof UpstreamFault)) throw cause
    return { texts, fault: { kind: cause.kind, message: cause.message } }
  }
}

interface Seen {
  readonly path: string
  readonly headers: Headers
  /** The code that it was closed with, once it is. */
  readonly closed: Promise<number>
  /** How many bytes wait to be sent. */
  waiting: () => number
}

const LARGE = 100_000
const MANY = 300

function flood(socket: Bun.ServerWebSocket<Data>): void {
  for (let count = 0; count < MANY; count++) socket.send('x'.repeat(LARGE))
}

/** A real server of WebSockets, where the path says what is to happen. */
export function lineServer(tls?: { readonly key: string; readonly cert: string }) {
  const seen: Seen[] = []
  const acts: Readonly<Record<string, (socket: Bun.ServerWebSocket<Data>) => void>> = {
    '/done': (socket) => {
      socket.send('bye')
      socket.close(1000, 'done')
    },
    '/silent': (socket) => socket.close(),
    '/failed': (socket) => socket.close(1011, 'secret reason'),
    '/cut': (socket) => {
      socket.send('hello')
      setTimeout(() => socket.terminate(), 50)
    },
    '/bytes': (socket) => socket.send(new Uint8Array([1, 2, 3])),
    '/long': (socket) => socket.send('x'.repeat(33 * 1024 * 1024)),
    '/huge': (socket) => socket.send('x'.repeat(129 * 1024 * 1024)),
    '/flood': flood,
    '/many': (socket) => {
      flood(socket)
      socket.close(1000, 'done')
    },
  }
  const refusals: Readonly<Record<string, () => Response>> = {
    '/401': () => Response.json({ error: 'token expired' }, { status: 401 }),
    '/403': () =>
      new Response('<title>Just a moment...</title>', {
        status: 403,
        headers: { 'content-type': 'text/html', 'cf-mitigated': 'challenge' },
      }),
    '/429': () => new Response('slow down', { status: 429, headers: { 'retry-after': '7' } }),
    '/200': () => new Response('a page'),
    '/204': () => new Response(null, { status: 204 }),
    '/302': () => new Response(null, { status: 302, headers: { location: '/done' } }),
  }
  const server = Bun.serve<Data>({
    port: 0,
    hostname: '127.0.0.1',
    idleTimeout: 0,
    ...(tls && { tls }),
    fetch(request, server) {
      const { pathname: path } = new URL(request.url)
      const { promise: closed, resolve: close } = Promise.withResolvers<number>()
      const call: Seen = { path, headers: request.headers, closed, waiting: () => 0 }
      seen.push(call)
      const refusal = refusals[path]
      if (refusal) return refusal()
      return server.upgrade(request, { data: { call, close } }) ? undefined : new Response('no')
    },
    websocket: {
      backpressureLimit: 512 * 1024 * 1024,
      open(socket) {
        const { call } = socket.data
        call.waiting = () => socket.getBufferedAmount()
        acts[call.path]?.(socket)
      },
      message(socket, text) {
        socket.send(`You said ${text}`)
      },
      close: ({ data }, code) => data.close(code),
    },
  })
  return {
    seen,
    url: `${tls ? 'wss' : 'ws'}://127.0.0.1:${server.port}`,
    host: `127.0.0.1:${server.port}`,
    [Symbol.asyncDispose]: () => server.stop(true),
  }
}

interface Data {
  readonly call: Seen
  readonly close: (code: number) => void
}

/** What must come of a talk, whatever the runtime. */
export const TALKS: readonly [what: string, talk: Omit<Talk, 'url'> & { path: string }, Talked][] =
  [
    [
      'is heard',
      { path: '/echo', say: ['one', 'two'], most: 2 },
      { texts: ['You said one', 'You said two'] },
    ],
    ['is closed at once', { path: '/echo', most: 0 }, { texts: [] }],
    ['ends when all is said', { path: '/done' }, { texts: ['bye'] }],
    ['ends without a word', { path: '/silent' }, { texts: [] }],
    [
      'says much, of which nothing is lost',
      { path: '/many' },
      { texts: Array.from({ length: MANY }, () => LARGE) },
    ],
    [
      'ends with a failure',
      { path: '/failed' },
      {
        texts: [],
        fault: { kind: 'broken', message: 'The upstream broke the connection (1011).' },
      },
    ],
    [
      'sends bytes',
      { path: '/bytes' },
      {
        texts: [],
        fault: { kind: 'malformed', message: 'The upstream sent bytes in place of a text.' },
      },
    ],
    [
      'is refused with 401',
      { path: '/401' },
      { texts: [], refusal: { status: 401, retryAfter: null, text: '{"error":"token expired"}' } },
    ],
    [
      'is refused with a challenge',
      { path: '/403' },
      {
        texts: [],
        refusal: { status: 403, retryAfter: null, text: '<title>Just a moment...</title>' },
      },
    ],
    [
      'is refused with 429',
      { path: '/429' },
      { texts: [], refusal: { status: 429, retryAfter: '7', text: 'slow down' } },
    ],
    [
      'is answered with a page',
      { path: '/200' },
      { texts: [], refusal: { status: 200, retryAfter: null, text: 'a page' } },
    ],
    [
      'is answered with nothing',
      { path: '/204' },
      { texts: [], refusal: { status: 204, retryAfter: null, text: '' } },
    ],
    [
      'is sent elsewhere',
      { path: '/302' },
      { texts: [], refusal: { status: 302, retryAfter: null, text: '' } },
    ],
  ]
