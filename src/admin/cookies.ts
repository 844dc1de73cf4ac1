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
