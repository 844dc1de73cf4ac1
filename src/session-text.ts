import { SetupError } from './errors'
import { type Extras, isCookie, NO_EXTRAS } from './extras'

/** A grok.com session as its owner copied it from a browser. */
export interface Session {
  /** The value of the cookie `sso`, bare. */
  readonly token: string
  /** The other cookies of the line. */
  readonly extras: Extras
  /** Names of cookies that cannot be sent as they are. */
  readonly leftOut: readonly string[]
}

/** Browsers keep no longer cookie. */
const LONGEST_TOKEN = 4096
/** Servers take no longer header. */
const LONGEST_LINE = 16_384

/** The signs that a token can have: it is a JWT. */
const TOKEN = /^(?=.*[A-Za-z0-9])[A-Za-z0-9._~+/-]+=*$/
const NAME = /^([\x21-\x3c\x3e-\x7e]{1,60})=/
const WHOLE = /^sso(?:-rw)?="?[A-Za-z0-9._~+/=-]*"?$/i
const SESSION = /^sso(?:-rw)?=/i
/** `name=value`, but no token that base64 has filled up with `=`. */
const NAMED = /^[^=\s]+=+[^=]/

/**
 * Read a session as it is pasted: a bare token, `sso=…`, or a whole line of cookies.
 *
 * @throws SetupError that says what is wrong without quoting it
 */
export function readSession(text: string): Session {
  const line = unquoted(text.trim().replace(/^cookie:\s*/i, ''))
  if (line === '') throw wrong('The session is empty.')
  if (/[\r\n]/.test(line))
    throw wrong(
      'That is more than one line.',
      'Several sessions are taken by: groxy accounts import FILE',
    )
  if (line.length > LONGEST_LINE) throw wrong('That is too long for a session.')
  if (!hasCookies(line)) return { token: readToken(line), extras: NO_EXTRAS, leftOut: [] }
  const { sessions, cookies, leftOut } = readJar(line)
  const [token, other] = new Set(sessions)
  if (token === undefined) throw wrong('There is no cookie "sso" in it.')
  if (other !== undefined) throw wrong('Its cookies sso and sso-rw are not the same.')
  return { token: readToken(token), extras: { headers: {}, cookies }, leftOut }
}

/** Whether a line is one of cookies, and no bare token or row of a table. */
export function isCookieLine(line: string): boolean {
  const cookies = partsOf(line.replace(/^\s*cookie:/i, ''))
  return cookies.some((one) => WHOLE.test(one)) && cookies.every((one) => one.includes('='))
}

/** The values of `sso` and `sso-rw` of a line, its other cookies, and the names of those that cannot be sent. */
export function readJar(line: string) {
  const sessions: string[] = []
  const cookies: string[] = []
  const leftOut: string[] = []
  for (const cookie of partsOf(line)) {
    if (SESSION.test(cookie)) sessions.push(unquoted(cookie.slice(cookie.indexOf('=') + 1)))
    else if (isCookie(cookie)) cookies.push(cookie)
    else leftOut.push(NAME.exec(cookie)?.[1] ?? '(without a name)')
  }
  return { sessions, cookies: cookies.join('; '), leftOut }
}

/** A single part that names nothing is a token with a stray semicolon. */
function hasCookies(line: string): boolean {
  const parts = partsOf(line)
  return parts.length > 1 || parts.some((part) => SESSION.test(part) || NAMED.test(part))
}

function readToken(given: string): string {
  const token = given.replace(/[;\s]+$/, '')
  if (token === '') throw wrong('The session is empty.')
  if (token.length > LONGEST_TOKEN) throw wrong('That is too long for a session.')
  if (/\.\.\.|…/.test(token)) throw wrong('That was cut short: there is "…" in it.')
  if (/\s/.test(token)) throw wrong('There is a space in it.')
  if (!TOKEN.test(token)) throw wrong('There is a sign in it that no session has.')
  return token
}

const partsOf = (line: string): string[] =>
  line
    .split(';')
    .map((part) => part.trim())
    .filter(Boolean)

const unquoted = (text: string): string => text.replace(/^(["'])(.*)\1$/s, '$2').trim()

const wrong = (problem: string, remedy = HOW) => new SetupError(problem, remedy)

const HOW =
  'Sign in at grok.com, and copy the value of the cookie "sso" from the developer tools of your browser, or the whole line of cookies.'
