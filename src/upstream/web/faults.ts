import { UpstreamFault } from '../../errors'
import { isObject, isText, type Json, parseObject } from '../../json-value'
import { readText } from '../../net/http'
import { ANTI_BOT, bounded, CHALLENGE, isChallenge, readRetryAfter, redact } from '../fault'

/** What grok.com says is short; its edge shows whole pages. */
const MOST_BYTES = 64 * 1024
const LONGEST_SAID = 300

/** A refusal, before anyone knows what it means. */
interface Said {
  readonly status: number
  readonly text: string
  /** The words within it that are meant for people. */
  readonly words: string
}

/** One way in which grok.com refuses; the first that fits decides. */
interface Sort {
  readonly fits: (said: Said) => boolean
  /** What it counts as, whatever status it came with. */
  readonly status?: number
  readonly code?: string
  /** What is the matter, and what its operator can do about it. */
  readonly means: string
}

/** The `code` of a request that grok.com does not want to answer. */
export const MODERATED = 'content_moderated'

/** The `code` of a prompt or a file that is too large. */
export const TOO_LARGE = 'context_length_exceeded'

const BAD_SESSION =
  /bad-credentials|invalid-credentials|failed to look up session id|session not found|token (?:is )?(?:revoked|expired)/i
const BLOCKED = /blocked-user|user is blocked|email-domain-rejected|account[ -](?:is )?suspended/i
const AGAINST_BOTS = /anti-?bot/i
const OF_CONTENT = /content[-_ ]moderat/i
const LIMIT = /too many requests|usage limit|rate[-_ ]limit|heavy usage/i
const TOO_LONG =
  /too (?:long|large|big)|exceeds? .*(?:length|size|limit)|maximum .*(?:length|size)/i

const SORTS: readonly Sort[] = [
  {
    fits: ({ text }) => OF_CONTENT.test(text),
    status: 400,
    code: MODERATED,
    means: "grok.com's moderation refused this request.",
  },
  {
    fits: ({ text }) => BLOCKED.test(text),
    status: 403,
    code: 'blocked',
    means:
      'grok.com has blocked this account: only its owner can clear that up, with xAI. Until then switch it off.',
  },
  {
    fits: ({ text }) => AGAINST_BOTS.test(text),
    status: 403,
    code: ANTI_BOT,
    means:
      "grok.com's anti-bot rules refused the call, which says nothing of the account: set web_x_statsig_id and web_user_agent to what a browser of yours sends, or go another way with proxy_web.",
  },
  {
    fits: ({ status, text }) => status === 401 || BAD_SESSION.test(text),
    status: 401,
    code: 'bad_session',
    means:
      'grok.com does not know this session any more: sign in there, and give the account the new value of the cookie sso.',
  },
  {
    fits: ({ status, text }) => status === 429 || LIMIT.test(text),
    status: 429,
    code: 'usage_limit',
    means: 'grok.com lets this session do no more for now.',
  },
  {
    fits: ({ status, text }) => status === 413 || (status === 400 && TOO_LONG.test(text)),
    code: TOO_LARGE,
    means: 'The prompt or a file of it is too large for grok.com.',
  },
  {
    fits: ({ status }) => status === 403,
    means:
      'grok.com does not let this account do that: see whether it still can with a browser, and whether its tier is right.',
  },
  { fits: ({ status }) => status === 404, means: 'grok.com does not have what was asked for.' },
  { fits: ({ status }) => status >= 500, means: 'grok.com failed.' },
]

const UNKNOWN: Omit<Sort, 'fits'> = { means: 'grok.com refused the request.' }

const CHALLENGED =
  "grok.com's edge wants to see a browser: it refuses this machine's address, not the account. Set web_cf_clearance and web_user_agent to those of a browser of yours that goes out by the same address, or go another way with proxy_web."

const LIMITED =
  "grok.com's edge lets this machine's address do no more for now, whatever the account: wait, or go another way with proxy_web."

/** Takes out of a text what a session is sent with, which the site may quote. */
export type Hide = (text: string) => string

const ALL: Hide = (text) => text

/** Read why grok.com refused a call. */
export async function readWebFault(
  response: Response,
  hide: Hide,
  now: number,
): Promise<UpstreamFault> {
  const { status, headers } = response
  const text = await readText(response, MOST_BYTES).catch(() => '')
  if (isOfEdge(status, headers, text))
    return new UpstreamFault('refused', status === 429 ? LIMITED : CHALLENGED, {
      status: status < 400 ? 403 : status,
      code: CHALLENGE,
    })
  const title = titleOf(text)
  // A 400 of grok.com's own is JSON; its edge has one for cookies that are too large.
  if (status < 400 || (status === 400 && title !== undefined))
    return new UpstreamFault(
      'malformed',
      `grok.com answered with a page for people.${sayingSo(title ?? '', hide)}`,
      { status },
    )
  const body = parseObject(text)
  const words = body ? wordsOf(body) : (title ?? text)
  return sorted({ status, text, words }, hide, readRetryAfter(headers, now) ?? waitOf(body))
}

/** What a page says on its head; undefined for what is no page. */
const titleOf = (text: string): string | undefined =>
  /^\s*</.test(text) ? (/<title>([^<]*)/i.exec(text)?.[1] ?? '') : undefined

/** What grok.com's edge says in its place: a page, Cloudflare's own codes, or nothing at all. */
function isOfEdge(status: number, headers: Headers, text: string): boolean {
  if (isChallenge(headers, text)) return true
  if (status !== 403 && status !== 429) return false
  if (/^\s*<|^error code: 1\d{3}\b/i.test(text)) return true
  // Of a refused WebSocket the words may not have come, but what they are in.
  return status === 403 && text.trim() === '' && !isJson(headers)
}

const isJson = (headers: Headers): boolean => headers.get('content-type')?.includes('json') === true

/** The HTTP statuses of the codes that grok.com speaks of errors with: gRPC's. */
const STATUSES: Readonly<Record<number, number>> = {
  3: 400,
  4: 504,
  5: 404,
  7: 403,
  8: 429,
  9: 400,
  11: 400,
  12: 501,
  14: 503,
  16: 401,
}

/** Tell what an error within an answer means: `{code, message}`, however wrapped, or a text. */
export function inBandFault(error: unknown, hide = ALL): UpstreamFault {
  const inner = isObject(error) && isObject(error.error) ? error.error : error
  const words = isObject(inner) ? wordsOf(inner) : textOf(inner)
  const text = isObject(inner) ? JSON.stringify(inner) : words
  const code = isObject(inner) ? Number(textOf(inner.code)) : Number.NaN
  return sorted({ status: STATUSES[code] ?? 500, text, words }, hide, waitOf(error))
}

function sorted(said: Said, hide: Hide, waitMs: number | undefined): UpstreamFault {
  const sort = SORTS.find(({ fits }) => fits(said)) ?? UNKNOWN
  return new UpstreamFault('refused', sort.means + sayingSo(said.words, hide), {
    status: sort.status ?? said.status,
    code: sort.code ?? markOf(said.text),
    retryAfterMs: bounded(waitMs),
  })
}

/** The words of a refusal, behind ours. */
function sayingSo(words: string, hide: Hide): string {
  const said = clean(words, hide).slice(0, LONGEST_SAID)
  return said && ` It says: ${said}`
}

/** Not every object can be made a text. */
const textOf = (value: unknown): string =>
  isText(value) || typeof value === 'number' ? `${value}` : ''

/** grok.com's own word for an error. */
const markOf = (text: string): string | undefined => /\[WKE=([\w:.-]{1,100})\]/.exec(text)?.[1]

function wordsOf(body: Json): string {
  const { error } = body
  const nested = isObject(error) ? error.message : undefined
  return [nested, body.message, error, body.code].find(isText) ?? ''
}

/** Sessions, wherever they stand in a text. */
const SESSIONS = /\bsso(?:-rw)?=[^\s;"',]+|\beyJ[\w-]{8,}(?:\.[\w-]+)*/g

const clean = (text: string, hide: Hide): string =>
  redact(hide(text.replaceAll(/\s+/g, ' ').trim()), '').replace(SESSIONS, '[redacted]')

const DEEPEST = 4

/** How long grok.com wants us to wait, wherever it says so; in milliseconds. */
function waitOf(body: unknown, depth = 0): number | undefined {
  if (!isObject(body) || depth > DEEPEST) return
  const { waitTimeSeconds: seconds } = body
  if (typeof seconds === 'number' && seconds > 0) return seconds * 1000
  for (const value of Object.values(body)) {
    const found = waitOf(value, depth + 1)
    if (found !== undefined) return found
  }
  return
}
