import type { Extras } from '../../extras'

/** Whose call it is, and where on the site it seems to come from. */
interface HeaderTerms {
  readonly token: string
  readonly extras: Extras
  /** Where the site is, as an origin. */
  readonly origin: string
  /** A path of the site. */
  readonly referer: string
  readonly contentType?: string
}

/**
 * The headers of a call with a session. Whatever tells a browser from a program is sent only as its
 * owner supplied it: none of it is made up here.
 */
export function sessionHeaders(terms: HeaderTerms): Record<string, string> {
  const { token, extras, origin, referer, contentType } = terms
  const headers: Record<string, string> = {
    accept: '*/*',
    // A compressed stream would wait for its compressor.
    'accept-encoding': 'identity',
    'cache-control': 'no-cache',
    pragma: 'no-cache',
    origin,
    referer: origin + referer,
    'x-xai-request-id': crypto.randomUUID(),
    cookie: cookiesOf(token, extras.cookies),
  }
  if (contentType) headers['content-type'] = contentType
  return Object.assign(headers, extras.headers)
}

/** The headers that ask for a WebSocket: what a browser's has of those of a call. */
export const socketHeaders = ({
  token,
  extras,
  origin,
}: Pick<HeaderTerms, 'token' | 'extras' | 'origin'>): Record<string, string> => ({
  'cache-control': 'no-cache',
  pragma: 'no-cache',
  origin,
  cookie: cookiesOf(token, extras.cookies),
  ...extras.headers,
})

/** The token is the account's alone, whatever cookies came along with it. */
const OWN = /^sso(?:-rw)?=/

function cookiesOf(token: string, extra: string): string {
  const own = `sso=${token}; sso-rw=${token}`
  if (extra === '') return own
  const others = extra.split('; ').filter((cookie) => !OWN.test(cookie))
  return [own, ...others].join('; ')
}
