import { ApiError } from '../errors'
import { isPublicAddress } from './address'
import { type Fetch, type FetchInit, TimeUp } from './http'

/** All addresses of a host, best first. */
export type Resolve = (host: string) => Promise<readonly string[]>

interface FetchGuardParts {
  readonly fetch: Fetch
  /** Absent on Cloudflare Workers, which have no DNS to ask. */
  readonly resolve?: Resolve | undefined
  /** Which addresses may be called; left out for those of the public internet. */
  readonly isAllowed?: ((address: string) => boolean) | undefined
}

interface FetchLimits {
  readonly maxBytes: number
  /** For everything together, from the first look-up of a name to the last byte. */
  readonly timeoutMs: number
  readonly signal: AbortSignal
  /** The field of the request that holds the address. */
  readonly param: string
}

const MOST_REDIRECTS = 5
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])
/** Of a host with many addresses, so many are tried. */
const MOST_ADDRESSES = 3
const MOST_CHARACTERS = 8_192

/** Nothing that tells of a client, an account or us. A body that is packed could unpack to anything. */
const HEADERS = { accept: '*/*', 'accept-encoding': 'identity', 'user-agent': 'groxy' }

/**
 * Fetches what a client's address leads to, and nothing that lies within the network we run in:
 * every host on the way, redirects included, must have public addresses only, and the address that
 * was looked at is the one that is called.
 *
 * On Workers names cannot be looked up. There a name is judged by its look, and the platform's
 * network is what reaches nothing private.
 */
export function createFetchGuard(parts: FetchGuardParts) {
  const { fetch, resolve, isAllowed = isPublicAddress } = parts

  /** What to call a host at: its addresses, or itself where it is one or cannot be looked up. */
  async function addressesOf({ hostname }: URL, refuse: Refuse): Promise<readonly string[]> {
    if (isLiteral(hostname)) {
      if (isAllowed(withoutBrackets(hostname))) return [hostname]
      throw refuse('invalid_url', NOT_PUBLIC)
    }
    if (!resolve) {
      if (isLocalName(hostname)) throw refuse('invalid_url', NOT_PUBLIC)
      return [hostname]
    }
    const found = await resolve(hostname).catch(() => [])
    // The same words for a name that is unknown: else they would tell which names are known within.
    if (found.length === 0 || !found.every((address) => isAllowed(address)))
      throw refuse('url_not_reachable', NO_HOST)
    return found.slice(0, MOST_ADDRESSES)
  }

  async function open(url: URL, signal: AbortSignal, refuse: Refuse): Promise<Response> {
    let failure: unknown
    for (const address of await addressesOf(url, refuse))
      try {
        return await fetch(...callAt(address, url, signal))
      } catch (cause) {
        failure = cause
        if (signal.aborted) break
      }
    throw refuse('url_not_reachable', whyNot(failure), failure)
  }

  async function follow(text: string, limits: FetchLimits, signal: AbortSignal): Promise<Bytes> {
    let refuse = refusals(limits.param)
    let url = readUrl(text, undefined, refuse)
    for (let hops = 0; ; hops++) {
      const response = await open(url, signal, refuse)
      const { status, headers } = response
      const location = REDIRECTS.has(status) ? headers.get('location') : null
      if (location === null) return readBody(response, limits.maxBytes, refuse)
      response.body?.cancel().catch(() => {})
      if (hops === MOST_REDIRECTS)
        throw refusals(limits.param)('url_not_reachable', TOO_MANY_REDIRECTS)
      refuse = refusals(limits.param, 'redirects to one that ')
      url = readUrl(location, url, refuse)
    }
  }

  /**
   * @throws ApiError 400 whatever is wrong: it is the client's address, and no account's fault
   */
  return async function fetchGuarded(url: string, limits: FetchLimits): Promise<Bytes> {
    const { signal, timeoutMs, param } = limits
    if (signal.aborted) throw givenUp(signal, param)
    const abort = new AbortController()
    const { promise: ended, reject } = Promise.withResolvers<never>()
    const end = (why: ApiError) => {
      reject(why)
      abort.abort(why)
    }
    const leave = () => end(givenUp(signal, param))
    const timer = setTimeout(() => end(late(param)), timeoutMs)
    signal.addEventListener('abort', leave, { once: true })
    try {
      // A look-up of a name cannot be ended, only left alone.
      return await Promise.race([ended, follow(url, limits, abort.signal)])
    } finally {
      clearTimeout(timer)
      signal.removeEventListener('abort', leave)
      abort.abort()
    }
  }
}

export type FetchGuard = ReturnType<typeof createFetchGuard>

type Bytes = Uint8Array<ArrayBuffer>
type Refuse = (code: RefusalCode, says: string, cause?: unknown) => ApiError
type RefusalCode = 'invalid_url' | 'url_not_reachable' | 'file_too_large' | 'empty_file'

const NOT_PUBLIC = 'is not on the public internet'
const TOO_MANY_REDIRECTS = `redirects more than ${MOST_REDIRECTS} times`
const NO_HOST = 'has a host that is unknown, or not on the public internet'

const refusals =
  (param: string, way = ''): Refuse =>
  (upstreamCode, says, cause) =>
    new ApiError('invalid_value', `The address in '${param}' ${way}${says}.`, {
      ...{ param, upstreamCode, cause },
    })

const late = (param: string): ApiError =>
  refusals(param)('url_not_reachable', 'took too long to answer')

/** When the whole turn's time is up meanwhile, it is still the address that kept us waiting. */
const givenUp = ({ reason }: AbortSignal, param: string): ApiError =>
  reason instanceof TimeUp
    ? late(param)
    : new ApiError('client_gone', 'The client left before its files were fetched.')

function readUrl(text: string, from: URL | undefined, refuse: Refuse): URL {
  if (text.length > MOST_CHARACTERS)
    throw refuse('invalid_url', `is longer than ${MOST_CHARACTERS} characters`)
  if (!URL.canParse(text, from?.href)) throw refuse('invalid_url', 'is no valid URL')
  const url = new URL(text, from?.href)
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    throw refuse('invalid_url', 'is neither http nor https')
  if (from?.protocol === 'https:' && url.protocol === 'http:')
    throw refuse('invalid_url', 'is not encrypted')
  if (url.username !== '' || url.password !== '')
    throw refuse('invalid_url', 'has a user or a password in it')
  url.hash = ''
  return url
}

/** A URL's parser has written every spelling of an IPv4 address as four decimal numbers. */
const isLiteral = (hostname: string): boolean =>
  hostname.startsWith('[') || /^\d+\.\d+\.\d+\.\d+$/.test(hostname)

const withoutBrackets = (hostname: string): string => hostname.replace(/^\[|\]$/g, '')

const LOCAL_ENDS =
  /(?:^|\.)(?:localhost|local|internal|intranet|private|corp|home|lan|localdomain|home\.arpa)$/

function isLocalName(hostname: string): boolean {
  const name = hostname.replace(/\.$/, '')
  return !name.includes('.') || LOCAL_ENDS.test(name)
}

const standardInit = (signal: AbortSignal): FetchInit => ({
  headers: HEADERS,
  redirect: 'manual',
  signal,
})

/** One address of a host, called in the host's name: `Host`, SNI and certificate are the host's. */
function callAt(address: string, url: URL, signal: AbortSignal): [url: string, init: FetchInit] {
  const { host, hostname, protocol, port, pathname, search } = url
  if (address === hostname) return [url.href, standardInit(signal)]
  const literal = address.includes(':') ? `[${address}]` : address
  const pinned = `${protocol}//${literal}${port && `:${port}`}${pathname}${search}`
  const init: FetchInit = {
    ...standardInit(signal),
    headers: { ...HEADERS, host },
    // A connection that is kept could serve the next name at this address.
    keepalive: false,
  }
  if (protocol === 'http:') return [pinned, init]
  return [pinned, { ...init, tls: { serverName: hostname.replace(/\.$/, '') } }]
}

function whyNot(cause: unknown): string {
  const { code } = Object(cause) as { readonly code?: unknown }
  return /CERT|TLS|SSL|VERIFY|SIGNED/.test(String(code))
    ? 'has a certificate that cannot be trusted'
    : 'cannot be reached'
}

async function readBody(response: Response, maxBytes: number, refuse: Refuse): Promise<Bytes> {
  const { status, headers, ok, body } = response
  if (!ok) throw refuse('url_not_reachable', `answers with the status ${status}`)
  const tooLarge = () => refuse('file_too_large', `leads to more than ${maxBytes} bytes`)
  const announced = Number(headers.get('content-length'))
  if (announced > maxBytes) throw tooLarge()
  let bytes: Bytes = new Uint8Array(announced || FIRST_ROOM)
  let size = 0
  const reader = body?.getReader()
  for (;;) {
    const read = await reader?.read().catch((cause) => {
      throw refuse('url_not_reachable', 'broke off its answer', cause)
    })
    if (!read || read.done) break
    const end = size + read.value.length
    // Unpacked bytes count too, where a server packs them unasked.
    if (end > maxBytes) throw tooLarge()
    if (end > bytes.length) bytes = widened(bytes, Math.max(end, bytes.length * 2))
    bytes.set(read.value, size)
    size = end
  }
  if (size === 0) throw refuse('empty_file', 'leads to nothing: the answer is empty')
  return size === bytes.length ? bytes : bytes.slice(0, size)
}

const FIRST_ROOM = 64 * 1024

function widened(bytes: Bytes, length: number): Bytes {
  const wider = new Uint8Array(length)
  wider.set(bytes)
  return wider
}
