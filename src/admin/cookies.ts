/** How long a session lasts after it was last used. */
export const SESSION_MS = 8 * 3_600_000

export const SESSION_COOKIE = 'groxy_session'
const KNOWN_COOKIE = 'groxy_known'

/** Browsers take a cookie of such a name only from the host itself, and only where it came encrypted. */
const HOST_ONLY = '__Host-'

/** `Set-Cookie` and its value, for an answer. */
export type CookieHeader = readonly [name: 'set-cookie', value: string]

/** The value of a cookie that a browser sent. */
export function cookieOf(request: Request, name: string): string | undefined {
  for (const pair of (request.headers.get('cookie') ?? '').split(';')) {
    const at = pair.indexOf('=')
    if (at > 0 && pair.slice(0, at).trim() === name) return pair.slice(at + 1).trim()
  }
  return undefined
}

interface CookieTerms {
  /** Seconds; 0 removes it. */
  readonly maxAge: number
  readonly isSecure: boolean
  /** Whether scripts of the page may not read it. */
  readonly httpOnly?: boolean
}

/** A `Set-Cookie` header for the admin page, which no other site's request carries. */
export const setCookie = (
  name: string,
  value: string,
  { maxAge, isSecure, httpOnly = true }: CookieTerms,
): string =>
  `${name}=${value}; Path=/; Max-Age=${maxAge}; SameSite=Strict${httpOnly ? '; HttpOnly' : ''}${isSecure ? '; Secure' : ''}`

/**
 * The cookies that are worth something, under the name that binds them to this host wherever they travel
 * encrypted. There the plain name, which another host of the same site could plant, counts for nothing.
 *
 * @param isHttps whether a browser sent a request by https
 */
export function createOwnCookies(isHttps: (request: Request) => boolean) {
  const read = (request: Request, name: string): string | undefined =>
    cookieOf(request, HOST_ONLY + name) ?? (isHttps(request) ? undefined : cookieOf(request, name))

  const write = (request: Request, name: string, value: string, maxAge: number): CookieHeader => {
    const isSecure = isHttps(request) || cookieOf(request, HOST_ONLY + SESSION_COOKIE) !== undefined
    const named = isSecure ? HOST_ONLY + name : name
    return ['set-cookie', setCookie(named, value, { maxAge, isSecure })]
  }

  return {
    sessionOf: (request: Request): string | undefined => read(request, SESSION_COOKIE),
    session: (request: Request, secret: string): CookieHeader =>
      write(request, SESSION_COOKIE, secret, SESSION_MS / 1000),
    noSession: (request: Request): CookieHeader => write(request, SESSION_COOKIE, '', 0),
    /** Says that somebody was logged in by this browser before. */
    knownOf: (request: Request): string | undefined => read(request, KNOWN_COOKIE),
    known: (request: Request, sealed: string, maxAge: number): CookieHeader =>
      write(request, KNOWN_COOKIE, sealed, maxAge),
  }
}

export type OwnCookies = ReturnType<typeof createOwnCookies>
