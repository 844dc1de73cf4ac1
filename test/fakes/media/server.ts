import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** An answer: as the platform has it, or one that writes itself, however wrong. */
export type Reply = Response | ((out: ServerResponse) => void | Promise<void>)

/** When more may be written, or when nobody is there any more. */
export const writable = (out: ServerResponse): Promise<void> =>
  new Promise((resolve) => {
    const done = () => {
      out.off('drain', done).off('close', done)
      resolve()
    }
    out.on('drain', done).on('close', done)
    if (out.destroyed) done()
  })

/** Break the connection, so that the other side learns it as a fault. */
export const reset = (out: ServerResponse): void => {
  out.socket?.resetAndDestroy()
}

async function write(out: ServerResponse, response: Response): Promise<void> {
  const { body, headers, status } = response
  const isStream = headers.get('content-type')?.startsWith('text/event-stream')
  const whole = isStream ? undefined : await response.bytes()
  if (whole) headers.set('content-length', String(whole.length))
  out.writeHead(status, Object.fromEntries(headers))
  if (whole) {
    out.end(whole)
    return
  }
  out.flushHeaders()
  const reader = body?.getReader()
  out.on('close', () => void reader?.cancel().catch(() => {}))
  for (;;) {
    const next = await reader?.read().catch(() => undefined)
    if (!next) return reset(out)
    if (next.done) break
    if (!out.write(next.value)) await writable(out)
  }
  out.end()
}

async function read(asked: IncomingMessage): Promise<Uint8Array<ArrayBuffer>> {
  const pieces: Uint8Array[] = []
  for await (const piece of asked) pieces.push(piece)
  return Buffer.concat(pieces)
}

/** What came over the wire. */
export interface Incoming {
  readonly method: string
  readonly url: URL
  readonly headers: Headers
  readonly bytes: Uint8Array<ArrayBuffer>
  /** Resolves when the connection ends before the answer is complete. */
  readonly gone: Promise<void>
}

/**
 * A server on a free port. It is node's and not Bun's, which mends each Content-Length and thereby
 * hides the faults that are wanted here.
 */
export function listen(answer: (incoming: Incoming) => Promise<Reply>) {
  async function handle(asked: IncomingMessage, out: ServerResponse): Promise<void> {
    const { promise: gone, resolve } = Promise.withResolvers<void>()
    out.on('close', () => {
      if (!out.writableFinished) resolve()
    })
    const headers = new Headers(Object.entries(asked.headers) as [string, string][])
    const url = new URL(asked.url ?? '/', `http://${headers.get('host')}`)
    const bytes = await read(asked)
    const reply = await answer({ method: asked.method ?? 'GET', url, headers, bytes, gone })
    if (out.destroyed) return
    await (reply instanceof Response ? write(out, reply) : reply(out))
  }
  const server = createServer((asked, out) => {
    handle(asked, out).catch((error) => {
      if (!out.destroyed) out.destroy(error)
    })
  })
  // Else it may end a connection that is being asked on, which on a busy machine it does.
  server.keepAliveTimeout = 0
  server.listen(0, '127.0.0.1')
  const { port } = server.address() as AddressInfo
  return {
    origin: `http://127.0.0.1:${port}`,
    stop(): void {
      server.close()
      server.closeAllConnections()
    },
  }
}
