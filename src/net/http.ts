import { UpstreamFault } from '../errors'
import { proxyName } from '../proxy'

/**
 * What a runtime's `fetch` takes besides the standard: a streamed body, a proxy, and whose
 * certificate is expected where that is not the URL's host.
 */
export interface FetchInit extends RequestInit {
  readonly duplex?: 'half'
  readonly proxy?: string
  readonly tls?: { readonly serverName: string }
}

export type Fetch = (url: string, init: FetchInit) => Promise<Response>

/** One call of an upstream. */
export interface Call {
  readonly url: string
  readonly method: string
  readonly headers: Readonly<Record<string, string>> | Headers
  readonly body?: string | ReadableStream<Uint8Array> | Uint8Array<ArrayBuffer> | null | undefined
  /** The HTTP(S) proxy that it goes through; it never goes another way. */
  readonly proxy?: string | undefined
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
    async send({ url, method, headers, body, proxy, abort }: Call): Promise<Response> {
      const init: { -readonly [K in keyof FetchInit]: FetchInit[K] } = {
        method,
        headers,
        body: body ?? null,
        signal: abort.signal,
        redirect: 'manual',
      }
      if (body instanceof ReadableStream) init.duplex = 'half'
      if (proxy) init.proxy = proxy
      try {
        const response = await fetch(url, init)
        if (proxy && isOfProxy(response)) {
          abort.abort()
          throw proxyFault(proxy, `answered ${response.status}`, response.status)
        }
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
        throw asFault(cause, abort.signal, proxy)
      }
    },
  }
}

export type Http = ReturnType<typeof createHttp>

/** Whatever a runtime throws when a connection fails, as a fault of the upstream or of the way to it. */
export function asFault(cause: unknown, signal: AbortSignal, proxy?: string): unknown {
  if (cause instanceof UpstreamFault) return cause
  if (signal.aborted && signal.reason instanceof TimeUp)
    return new UpstreamFault('timeout', signal.reason.message, { cause })
  if (proxy && !signal.aborted) return throughProxy(cause, proxy)
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

function throughProxy(cause: unknown, proxy: string): UpstreamFault {
  const { code, status } = cause as { readonly code?: unknown; readonly status?: unknown }
  if (code === 'ERR_PROXY_TUNNEL' && typeof status === 'number')
    return proxyFault(proxy, `answered ${status}`, status, cause)
  if (isBroken(cause))
    return new UpstreamFault(
      'broken',
      'The upstream broke the connection, or the proxy before it did.',
      { cause },
    )
  return proxyFault(proxy, `cannot be used (${code ?? 'no connection'})`, undefined, cause)
}

const REMEDIES: Readonly<Record<number, string>> = {
  407: ': check its user and password',
  502: ': it cannot reach the upstream',
}

const proxyFault = (proxy: string, what: string, status?: number, cause?: unknown) =>
  new UpstreamFault(
    'egress',
    `Your proxy ${proxyName(proxy)} ${what}${REMEDIES[status ?? 0] ?? ''}.`,
    { status, cause },
  )

/**
 * Over plain HTTP a proxy answers in the upstream's place. An upstream's own refusal of these is
 * JSON.
 */
function isOfProxy({ status, headers }: Response): boolean {
  if (status === 407) return true
  if (status !== 502 && status !== 503 && status !== 504) return false
  return !headers.get('content-type')?.includes('json')
}

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
