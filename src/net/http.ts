import { UpstreamFault } from '../errors'

type Fetch = (url: string, init: RequestInit) => Promise<Response>

/** One call of an upstream. */
export interface Call {
  readonly url: string
  readonly method: string
  readonly headers: Readonly<Record<string, string>> | Headers
  readonly body?: string | ReadableStream<Uint8Array> | Uint8Array<ArrayBuffer> | null | undefined
  /** Ends the call and its body: aborting it closes the socket at once. */
  readonly abort: AbortController
}

/** The reason of an abort that a time limit caused, told apart from a client that left. */
export class TimeUp extends Error {
  override readonly name = 'TimeUp'
}

/**
 * The only way out of Groxy. Redirects are never followed: they would carry an account's secret to
 * wherever an upstream, or whoever answers in its place, points.
 */
export function createHttp(fetch: Fetch) {
  return {
    /** @throws UpstreamFault when there is no answer, or one that points elsewhere */
    async send({ url, method, headers, body, abort }: Call): Promise<Response> {
      const init: RequestInit & { duplex?: 'half' } = {
        method,
        headers,
        body: body ?? null,
        signal: abort.signal,
        redirect: 'manual',
      }
      if (body instanceof ReadableStream) init.duplex = 'half'
      try {
        const response = await fetch(url, init)
        if (response.status < 300 || response.status >= 400 || response.status === 304)
          return response
        abort.abort()
        throw new UpstreamFault(
          'redirect',
          'The upstream redirects, which Groxy does not follow.',
          {
            status: response.status,
          },
        )
      } catch (cause) {
        throw asFault(cause, abort.signal)
      }
    },
  }
}

export type Http = ReturnType<typeof createHttp>

/** Whatever a runtime throws when a connection fails, as a fault of the upstream. */
export function asFault(cause: unknown, signal: AbortSignal): unknown {
  if (cause instanceof UpstreamFault) return cause
  if (signal.aborted && signal.reason instanceof TimeUp)
    return new UpstreamFault('timeout', signal.reason.message, { cause })
  return isBroken(cause)
    ? new UpstreamFault('broken', 'The upstream broke the connection.', { cause })
    : new UpstreamFault('unreachable', 'The upstream could not be reached.', { cause })
}

/** There was a connection, which tells a host that works from one that is down. */
function isBroken(cause: unknown): boolean {
  const { code, message } = Object(cause) as { readonly code?: unknown; readonly message?: unknown }
  // Workers give no code.
  return BROKEN_CODES.has(code) || /connection (?:was )?(?:lost|closed)/i.test(String(message))
}

const BROKEN_CODES = new Set<unknown>(['ECONNRESET', 'EPIPE', 'ECONNABORTED', 'ConnectionClosed'])

/** A body as text, up to `limit` bytes; the rest is cut off and the connection with it. */
export async function readText(response: Response, limit: number): Promise<string> {
  const reader = response.body?.getReader()
  if (!reader) return ''
  const decoder = new TextDecoder()
  let text = ''
  let size = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return text + decoder.decode()
    size += value.length
    text += decoder.decode(value, { stream: true })
    if (size >= limit) {
      reader.cancel().catch(() => {})
      return text
    }
  }
}
