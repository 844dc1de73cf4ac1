import { UpstreamFault } from '#src/errors'
import type { PictureEvent, PictureRequest } from '#src/turn/picture'
import { wanted } from './drawing'
import type { webSession } from './web-session'

/** A picture as a client sends it. */
export const input = (bytes: Uint8Array<ArrayBuffer>, param = 'image') => ({
  ...{ bytes, mime: 'image/jpeg', name: 'a.jpg', param },
})

interface Drawn {
  readonly request?: Partial<PictureRequest>
  readonly model?: string
  readonly count?: number
  readonly abort?: AbortController
  /** Hears each event when it comes. */
  readonly hear?: (event: PictureEvent) => void
}

/** Have a session draw, and gather what becomes of it. */
export async function draw(
  { web, sessionOf }: Pick<ReturnType<typeof webSession>, 'web' | 'sessionOf'>,
  {
    request = {},
    model = 'grok-imagine-1.0',
    count = 2,
    abort,
    hear,
    ...more
  }: Drawn & {
    readonly account?: ReturnType<typeof sessionOf>
  } = {},
) {
  const events: PictureEvent[] = []
  let steps = 0
  let fault: UpstreamFault | undefined
  try {
    const call = {
      account: more.account ?? sessionOf(),
      model,
      abort: abort ?? new AbortController(),
      step: () => void steps++,
      request: wanted({ prompt: 'A red cat', ...request }),
      count,
    }
    for await (const event of web.pictures?.draw(call) ?? []) {
      events.push(event)
      hear?.(event)
    }
  } catch (cause) {
    if (!(cause instanceof UpstreamFault)) throw cause
    fault = cause
  }
  const of = (type: 'picture' | 'partial') =>
    events.flatMap((event) => (event.type === type ? [event] : []))
  return {
    events,
    steps,
    fault: fault && { kind: fault.kind, message: fault.message, ...fault.details },
    types: events.map(({ type }) => type),
    pictures: of('picture'),
    partials: of('partial'),
    blocked: events.flatMap((event) => (event.type === 'blocked' ? event.index : [])),
  }
}

/** A stand-in for grok.com's page Imagine that says just what it is told to, once it is asked. */
export function imagineSite(frames: readonly unknown[], { closes = false } = {}) {
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch: (request, server) => (server.upgrade(request) ? undefined : new Response('no')),
    websocket: {
      message(socket) {
        for (const frame of frames)
          socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame))
        if (closes) socket.close(1000)
      },
    },
  })
  return {
    url: `http://127.0.0.1:${server.port}`,
    [Symbol.asyncDispose]: () => server.stop(true),
  }
}
