import { SetupError } from './errors'

/**
 * What the owner of a session supplies beside its secret, to be sent as it is: Groxy makes none of it
 * up.
 */
export interface Extras {
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>
  /** `name=value; name=value`; empty for none. */
  readonly cookies: string
}

export const NO_EXTRAS: Extras = { headers: {}, cookies: '' }

/** Headers that Groxy sets itself, or that belong to one connection. */
const OWN = new Set([
  'authorization',
  'connection',
  'content-length',
  'content-type',
  'cookie',
  'host',
  'keep-alive',
  'origin',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

const HEADER = /^([!#$%&'*+.^_`|~0-9a-z-]+)\s*:\s*([\x21-\x7e](?:[\t\x20-\x7e]*[\x21-\x7e])?)$/i

/**
 * Read header lines, `Name: value`, as a browser shows them.
 *
 * @throws SetupError for what is no header, or one that Groxy sets itself
 */
export function readHeaders(text: string): Extras['headers'] {
  const lines = text.split(/\r?\n/).map((line) => line.trim())
  return Object.fromEntries(lines.filter(Boolean).map(readHeader))
}

function readHeader(line: string): [name: string, value: string] {
  const [, name, value] = HEADER.exec(line) ?? []
  if (name === undefined || value === undefined)
    throw new SetupError(
      'That is no header.',
      'Write it as NAME: VALUE, each on a line of its own.',
    )
  if (OWN.has(name.toLowerCase()))
    throw new SetupError(`Groxy sets the header "${name}" itself.`, 'Leave it out.')
  return [name.toLowerCase(), value]
}

/**
 * Read what a header says.
 *
 * @throws SetupError for what none can say
 */
export const readHeaderValue = (text: string): string => readHeader(`value: ${text.trim()}`)[1]

/** Whether a text is `name=value` as a browser would send it. */
export const isCookie = (text: string): boolean => COOKIE.test(text)

const COOKIE = /^[!#$%&'*+.^_`|~0-9a-z-]+=[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*$/i

/**
 * Read cookies, `name=value; name=value`, as a browser sends them.
 *
 * @throws SetupError for what is none
 */
export function readCookies(text: string): string {
  const cookies = text
    .split(';')
    .map((cookie) => cookie.trim())
    .filter(Boolean)
  if (cookies.every(isCookie)) return cookies.join('; ')
  throw new SetupError('Those are no cookies.', 'Write them as NAME=VALUE; NAME=VALUE')
}

/** Both together; of a header or a cookie that both have, the second counts. */
export function joinExtras(one: Extras, other: Extras): Extras {
  if (one === NO_EXTRAS) return other
  if (other === NO_EXTRAS) return one
  const nameOf = (cookie: string) => cookie.slice(0, cookie.indexOf('='))
  const split = ({ cookies }: Extras) => (cookies ? cookies.split('; ') : [])
  const jar = new Map([...split(one), ...split(other)].map((cookie) => [nameOf(cookie), cookie]))
  return {
    headers: { ...one.headers, ...other.headers },
    cookies: [...jar.values()].join('; '),
  }
}
