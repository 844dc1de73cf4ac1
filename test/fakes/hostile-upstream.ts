import type { IncomingMessage, ServerResponse } from 'node:http'
import { listen } from './media/server'

/** Answers whoever fetches what was drawn, however wrong. */
export type Hostile = (out: ServerResponse) => void

/**
 * A server of OpenAI's dialect that draws what it is asked for by name, and does harm with it: whatever a
 * prompt names is at the address of the picture.
 */
export function hostileUpstream(harms: Readonly<Record<string, Hostile>>) {
  const fetched: string[] = []
  const server = listen(async ({ url, bytes }) => {
    if (url.pathname === '/v1/models')
      return Response.json({ object: 'list', data: [{ id: MODEL, object: 'model' }] })
    if (url.pathname === '/v1/images/generations') {
      const { prompt } = JSON.parse(new TextDecoder().decode(bytes)) as { prompt: string }
      return Response.json({ created: 1, data: [{ url: `${server.origin}/made/${prompt}` }] })
    }
    const name = decodeURIComponent(url.pathname.split('/')[2] ?? '')
    fetched.push(name)
    return harms[name] ?? new Response('Not Found', { status: 404 })
  })
  return {
    url: `${server.origin}/v1`,
    model: MODEL,
    /** What was fetched, by its name. */
    fetched,
    [Symbol.asyncDispose]: async () => server.stop(),
  }
}

const MODEL = 'hostile-dall-e'

/** Write an answer as it stands, byte for byte, and end the connection. */
export const verbatim =
  (head: readonly string[], body: Uint8Array | string = ''): Hostile =>
  ({ socket }: ServerResponse<IncomingMessage>) => {
    socket?.write(`${head.join('\r\n')}\r\n\r\n`)
    socket?.write(body)
    // Let what was written leave first.
    setTimeout(() => socket?.end(), 30)
  }

/** An answer with a status of 200 and a type. */
export const said = (
  type: string,
  body: Uint8Array | string,
  ...headers: readonly string[]
): Hostile =>
  verbatim(['HTTP/1.1 200 OK', `Content-Type: ${type}`, 'Connection: close', ...headers], body)
