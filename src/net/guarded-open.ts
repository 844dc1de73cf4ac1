import type { ApiError } from '../errors'
import { isPublicAddress } from './address'
import type { Fetch, FetchInit } from './http'

/** All addresses of a host, best first. */
export type Resolve = (host: string) => Promise<readonly string[]>

export interface GuardParts {
  readonly fetch: Fetch
  /** Absent on Cloudflare Workers, which have no DNS to ask. */
  readonly resolve?: Resolve | undefined
  /** Which addresses may be called; left out for those of the public internet. */
  readonly isAllowed?: ((address: string) => boolean) | undefined
}

/** Makes the failure of an address, by what is to be said of it. */
export type Refuse = (code: RefusalCode, says: string, cause?: unknown) => ApiError
export type RefusalCode = 'invalid_url' | 'url_not_reachable' | 'file_too_large' | 'empty_file'

interface OpenTerms {
  /** Ends the call and its body. */
  readonly signal: AbortSignal
  readonly refuse: Refuse
  /** The part that is wanted, as the header `Range` says it. */
  readonly range?: string
  /** The HTTP(S) proxy that it goes through, which looks names up where it is. */
  readonly proxy?: string | undefined
}

const MOST_REDIRECTS = 5
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])
/** Of a host with many addresses, so many are tried. */
const MOST_ADDRESSES = 3
const MOST_CHARACTERS = 8_192

/** Nothing that tells of a client, an account or us. A body that is packed could unpack to anything. */
const HEADERS = { accept: '*/*', 'accept-encoding': 'identity', 'user-agent': 'groxy' }

/**
 * Opens what an address leads to, and nothing that lies within the network we run in: every host on the
 * way, redirects included, must have public addresses only, and the address that was looked at is the one
 * that is called.
 *
 * On Workers, and through a proxy, names cannot be looked up. There a name is judged by its look, and the
 * network that looks it up is what reaches nothing private.
 */
export function createGuardedOpen(parts: GuardParts) {
  const { fetch, resolve, isAllowed = isPublicAddress } = parts

  /** What to call a host at: its addresses, or itself where it is one or cannot be looked up. */
  async function addressesOf(
    { hostname }: URL,
    { refuse, proxy }: OpenTerms,
  ): Promise<readonly string[]> {
    if (isLiteral(hostname)) {
      if (isAllowed(withoutBrackets(hostname))) return [hostname]
      throw refuse('invalid_url', NOT_PUBLIC)
    }
    if (!resolve || proxy) {
      if (isLocalName(hostname)) throw refuse('invalid_url', NOT_PUBLIC)
      return [hostname]
    }
    const found = await resolve(hostname).catch(() => [])
    // The same words for a name that is unknown: else they would tell which names are known within.
    if (found.length === 0 || !found.every((address) => isAllowed(address)))
      throw refuse('url_not_reachable', NO_HOST)
    return found.slice(0, MOST_ADDRESSES)
  }

  async function call(url: URL, terms: OpenTerms): Promise<Response> {
    const { signal, refuse } = terms
    let failure: unknown
    for (const address of await addressesOf(url, terms))
      try {
        return await fetch(...callAt(address, url, terms))
      } catch (cause) {
        failure = cause
        if (signal.aborted) break
      }
    throw refuse('url_not_reachable', whyNot(failure), failure)
  }

  async function follow(text: string, terms: OpenTerms): Promise<Response> {
    let { refuse } = terms
    let url = readUrl(text, undefined, refuse)
    for (let hops = 0; ; hops++) {
      const response = await call(url, { ...terms, refuse })
      const { status, headers, ok } = response
      const location = REDIRECTS.has(status) ? headers.get('location') : null
      if (location !== null) {
        response.body?.cancel().catch(() => {})
        if (hops === MOST_REDIRECTS) throw terms.refuse('url_not_reachable', TOO_MANY_REDIRECTS)
        refuse = (code, says, cause) => terms.refuse(code, `redirects to one that ${says}`, cause)
        url = readUrl(location, url, refuse)
        continue
      }
      if (ok) return response
      response.body?.cancel().catch(() => {})
      throw refuse('url_not_reachable', `answers with the status ${status}`)
    }
  }

  /**
   * @throws what `refuse` makes of whatever is wrong with it, or the reason of the signal
   */
  return async (url: string, terms: OpenTerms): Promise<Response> => {
    const { signal } = terms
    signal.throwIfAborted()
    const { promise: ended, reject } = Promise.withResolvers<never>()
    const end = () => reject(signal.reason)
    signal.addEventListener('abort', end, { once: true })
    try {
      // A look-up of a name cannot be ended, only left alone.
      return await Promise.race([ended, follow(url, terms)])
    } finally {
      signal.removeEventListener('abort', end)
    }
  }
}

export type GuardedOpen = ReturnType<typeof createGuardedOpen>

const NOT_PUBLIC = 'is not on the public internet'
const TOO_MANY_REDIRECTS = `redirects more than ${MOST_REDIRECTS} times`
const NO_HOST = 'has a host that is unknown, or not on the public internet'

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

const initOf = ({ signal, range, proxy }: OpenTerms): FetchInit => ({
  headers: range === undefined ? HEADERS : { ...HEADERS, range },
  redirect: 'manual',
  signal,
  ...(proxy && { proxy }),
})

/** One address of a host, called in the host's name: `Host`, SNI and certificate are the host's. */
function callAt(address: string, url: URL, terms: OpenTerms): [url: string, init: FetchInit] {
  const { host, hostname, protocol, port, pathname, search } = url
  const standard = initOf(terms)
  if (address === hostname) return [url.href, standard]
  const literal = address.includes(':') ? `[${address}]` : address
  const pinned = `${protocol}//${literal}${port && `:${port}`}${pathname}${search}`
  const init: FetchInit = {
    ...standard,
    headers: { ...standard.headers, host },
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
