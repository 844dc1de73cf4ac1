import { UpstreamFault } from '../errors'
import { isObject, isText, parseObject } from '../json-value'
import { readText } from '../net/http'
import { readReset } from './limits'

/** An error page may be long; what it says stands at its beginning. */
const MOST_BYTES = 64 * 1024
const LONGEST_MESSAGE = 500

/**
 * Read a refusal in any of its shapes: `{"error":{message,type,param,code}}`, xAI's
 * `{"code","error":"text"}` and `{"error":"text"}`, or no JSON at all.
 *
 * @param secret the account's credential, which some upstreams quote: it never leaves this function
 */
export async function readFault(
  response: Response,
  secret: string,
  now: number,
): Promise<UpstreamFault> {
  const { status } = response
  const text = await readText(response, MOST_BYTES).catch(() => '')
  const body = parseObject(text)
  const nested = isObject(body?.error) ? body.error : undefined
  const said = [nested?.message, body?.error, body?.message, body?.detail].find(isText)
  const code = [nested?.code, body?.code].find(isText)
  if (isChallenge(response.headers, text))
    return new UpstreamFault('refused', CHALLENGED, { status, code: CHALLENGE })
  const message = said ?? `The upstream answered with status ${status}.`
  return new UpstreamFault('refused', redact(message, secret).slice(0, LONGEST_MESSAGE), {
    status,
    code: code && redact(code, secret).slice(0, LONGEST_MESSAGE),
    type: isText(nested?.type) ? redact(nested.type, secret) : undefined,
    param: isText(nested?.param) ? redact(nested.param, secret) : undefined,
    retryAfterMs: bounded(readRetryAfter(response.headers, now) ?? readReset(response.headers)),
  })
}

/** The `code` of work that an account was still at, as it said itself, when its time was over. */
export const UNFINISHED = 'unfinished'

/** The `code` of a refusal by an upstream's edge that wants a browser. */
export const CHALLENGE = 'challenge'
/** The `code` of a refusal by grok.com's own rules against programs: about how it is asked, and from where. */
export const ANTI_BOT = 'anti_bot'
/** The `code` of an answer that says something where it was to draw. */
export const NO_PICTURE = 'no_picture'
/** The `code` of a limit of grok.com's page Imagine, which is none of its chats. */
export const IMAGINE_LIMIT = 'imagine_limit'
/** What grok.com says of an account that it wants none of any more, in a `code` or in its own words. */
export const BLOCKED_ACCOUNT = /^blocked$|blocked-user|email-domain-rejected/

const CHALLENGED =
  "The upstream's edge wants to see a browser: it refuses this machine's address, not the account."

/** Cloudflare says so in a header of its own, or shows the page that asks for patience. */
export const isChallenge = (headers: Headers, text: string): boolean =>
  headers.get('cf-mitigated') === 'challenge' ||
  (/^\s*</.test(text) && /just a moment|cf-challenge|challenge-platform/i.test(text))

const SHORTEST_WAIT_MS = 1_000
const LONGEST_WAIT_MS = 86_400_000

/** An upstream's word is believed within reason: 0 would be no rest at all, and a year a slip. */
export const bounded = (ms: number | undefined): number | undefined =>
  ms === undefined ? undefined : Math.min(Math.max(ms, SHORTEST_WAIT_MS), LONGEST_WAIT_MS)

/** `Retry-After` in both forms, seconds and date, and OpenAI's `retry-after-ms`; in milliseconds. */
export function readRetryAfter(headers: Headers, now: number): number | undefined {
  const exact = Number(headers.get('retry-after-ms') ?? Number.NaN)
  if (Number.isFinite(exact) && exact >= 0) return exact
  const said = headers.get('retry-after')
  if (!said) return
  const seconds = Number(said)
  if (Number.isFinite(seconds)) return seconds >= 0 ? seconds * 1000 : undefined
  const date = Date.parse(said)
  return Number.isNaN(date) ? undefined : Math.max(date - now, 0)
}

/** What looks like a credential of the services we speak to, whoever it belongs to. */
const CREDENTIALS = /\b(?:xai|sk|gsk|rk|pk)-[A-Za-z0-9_*-]{8,}|\bBearer\s+[^\s"',]+/g

/** What an upstream says about our credential, in refusals whose status says something else. */
export const ABOUT_KEY =
  /(?:incorrect|invalid|wrong|missing|expired|unknown|bad) (?:x-)?api[ _-]?key|api key .*(?:invalid|incorrect|not valid|disabled|blocked)/i

/** What upstreams say of an account that they want none of any more. */
export const BLOCKED = /\b(?:blocked|banned|suspended|deactivated|disabled|terminated)\b/i

/** What upstreams say of a request that their rules forbid: about what was asked, not about who asked. */
export const MODERATION =
  /content[ _](?:policy|filter|violat)|moderat|\bsafety|usage (?:guidelines|policies)|\bpolic(?:y|ies)\b/i

/**
 * The same fault under the name that clients of pictures know it by, where it is one of those. A code
 * says enough; words do in a refusal of the request only.
 */
export function asModerated(cause: unknown): unknown {
  if (!(cause instanceof UpstreamFault) || cause.kind !== 'refused') return cause
  const { message, details } = cause
  const { status, code = '', param } = details
  const says = `${code} ${message}`
  if (ABOUT_KEY.test(says) || (status === 403 && BLOCKED.test(says))) return cause
  const isRefusal = status === 400 || status === 403
  // There is a field of that name, too, which a server may not know.
  const isMeant = param !== 'moderation' && (MODERATION.test(code) || isRefusal)
  if (!isMeant || !MODERATION.test(says)) return cause
  return new UpstreamFault('refused', message, { ...details, status: 400, code: MODERATED })
}

const MODERATED = 'content_policy_violation'

/** Why an account takes no turns any more: its credential is no good, or its upstream has locked it out. */
export type KeyRefusal = 'expired' | 'disabled'

/** Whether an upstream refused a call that anyone may make, so that only the key can be at fault, and how. */
export function refusesKey({ kind, message, details }: UpstreamFault): KeyRefusal | undefined {
  if (kind !== 'refused') return
  const { status, code = '' } = details
  // The edge refuses this machine, whoever it calls for.
  if (code === CHALLENGE || code === ANTI_BOT) return
  if (BLOCKED_ACCOUNT.test(code) || BLOCKED_ACCOUNT.test(message)) return 'disabled'
  if (status === 401) return 'expired'
  // A key may be good and not be allowed to list models.
  if (status === 403) return BLOCKED.test(message) ? 'disabled' : undefined
  return status === 400 && ABOUT_KEY.test(`${message} ${code}`) ? 'expired' : undefined
}

/** What upstreams say of a thought that they have not sealed themselves. */
const UNREADABLE = /encrypted[_ ]content|decrypt/i

/** Whether an upstream refused a request since it could not read what was sealed for it. */
export const isUnreadable = (cause: unknown): boolean =>
  cause instanceof UpstreamFault &&
  cause.kind === 'refused' &&
  UNREADABLE_STATUS.has(cause.details.status ?? 0) &&
  UNREADABLE.test(`${cause.message} ${cause.details.code ?? ''}`)

const UNREADABLE_STATUS: ReadonlySet<number> = new Set([400, 404, 422])

/** Take credentials out of a text that others may see. */
export function redact(text: string, secret: string): string {
  const hidden = secret.length >= 4 ? text.replaceAll(secret, '[redacted]') : text
  return hidden.replace(CREDENTIALS, '[redacted]')
}

/** The same fault with nothing of a secret in what it says. */
export function redactFault(cause: unknown, secret: string): unknown {
  if (!(cause instanceof UpstreamFault)) return cause
  const { code, type, param, ...rest } = cause.details
  const clean = (text: string | undefined) => text && redact(text, secret)
  return new UpstreamFault(cause.kind, redact(cause.message, secret), {
    ...rest,
    code: clean(code),
    type: clean(type),
    param: clean(param),
  })
}

/** The same fault as one of an answer that had begun, or as if none had. */
export const withBegun = (cause: unknown, begun: boolean): unknown =>
  cause instanceof UpstreamFault && (cause.details.begun ?? false) !== begun
    ? new UpstreamFault(cause.kind, cause.message, { ...cause.details, begun })
    : cause
