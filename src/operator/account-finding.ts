import { messageOf, SetupError, UpstreamFault } from '../errors'
import type { Kind } from '../pool/account'
import type { Report } from '../pool/quota'
import type { Tier } from '../store/schema'
import { ANTI_BOT, CHALLENGE, refusesKey } from '../upstream/fault'

/** What was found about an account. Stable: pages say it in their own language by this. */
export const FINDING_CODES = [
  'models',
  'quotas',
  'unlisted',
  'refused',
  'blocked',
  'forbidden',
  'challenge',
  'limited',
  'not_found',
  'server_failed',
  'unreachable',
  'proxy_failed',
  'silent',
  'redirected',
  'not_understood',
  'unreadable',
  'no_proxies_here',
  'failed',
] as const
export type FindingCode = (typeof FINDING_CODES)[number]

/** What asking an account's upstream has shown. */
export interface AccountFinding {
  readonly ok: boolean
  readonly code: FindingCode
  /** What was found, in words; it holds no secret. */
  readonly reason: string
  /** What to do next; empty where there is nothing to do. */
  readonly hint: string
  /** `HOST:PORT` of the proxy that it was asked through. */
  readonly proxy: string | undefined
  /** How many models it offers, where it said so. */
  readonly models?: number | undefined
  /** Ids of some of them, to try it with. */
  readonly examples?: readonly string[] | undefined
  /** What is left, where it said so. */
  readonly quotas?: readonly Report[] | undefined
  readonly tier?: Tier | undefined
  /** What went wrong, for those who judge the account by it. */
  readonly fault?: UpstreamFault | undefined
}

/** Refusals that are about the machine's address or what it sends, whoever it calls for. */
const OF_EGRESS = [CHALLENGE, ANTI_BOT]

/** What a fault means, in words for an operator. */
export function explain(cause: unknown, kind: Kind): string {
  if (!(cause instanceof UpstreamFault)) return messageOf(cause)
  const { status, code = '' } = cause.details
  if (cause.kind !== 'refused' || OF_EGRESS.includes(code)) return cause.message
  if (status === 401 || status === 403)
    return `its ${kind === 'web' ? 'session' : 'key'} is refused (${status}): ${cause.message}`
  return `status ${status}: ${cause.message}`
}

/** An account needs a proxy where calls cannot go through any. */
export class NoProxies extends Error {
  constructor() {
    super('It needs a proxy, and Cloudflare Workers have none.')
  }
}

/** What a fault is about, and so what helps against it. */
export function codeOf(cause: unknown): FindingCode {
  if (cause instanceof NoProxies) return 'no_proxies_here'
  if (cause instanceof SetupError) return 'unreadable'
  if (!(cause instanceof UpstreamFault)) return 'failed'
  if (cause.kind !== 'refused') return BY_KIND[cause.kind] ?? 'failed'
  const { status = 0, code = '' } = cause.details
  if (OF_EGRESS.includes(code)) return 'challenge'
  const refusal = refusesKey(cause)
  if (refusal) return refusal === 'expired' ? 'refused' : 'blocked'
  if (status === 401) return 'refused'
  if (status === 403) return 'forbidden'
  if (status === 404 || status === 405) return 'not_found'
  if (status === 429) return 'limited'
  return status >= 500 ? 'server_failed' : 'failed'
}

const BY_KIND: Readonly<Partial<Record<UpstreamFault['kind'], FindingCode>>> = {
  unreachable: 'unreachable',
  egress: 'proxy_failed',
  timeout: 'silent',
  redirect: 'redirected',
  malformed: 'not_understood',
  broken: 'unreachable',
}

/** What an operator does about it. */
export function hintOf(code: FindingCode, kind: Kind): string {
  if (code === 'refused') return kind === 'web' ? NEW_SESSION : NEW_KEY
  return HINTS[code] ?? ''
}

const NEW_KEY =
  "Copy the key once more from its provider's site; if it was deleted there, make a new one."
const NEW_SESSION =
  'Sign in at grok.com again, and give this account the new cookie "sso": the old one has ended.'

const HINTS: Readonly<Partial<Record<FindingCode, string>>> = {
  unlisted: 'Send it a turn to see whether its key works.',
  blocked: 'Its provider has locked this account. Ask there, or remove it here.',
  forbidden:
    "Its key is known and may not do this: see its rights and its team's credits on the provider's site.",
  challenge:
    'It is the address of this machine that is refused. Use a proxy, or give the account a cf_clearance cookie and the user agent of the browser that it comes from.',
  limited: 'It is asked too often at present. Test it again in a few minutes.',
  not_found:
    'There is no such API at this address. See whether the base URL is right: most end in /v1.',
  server_failed: 'The upstream itself fails. Test it again later.',
  unreachable:
    'See whether the base URL is right, and whether this machine reaches it: network, DNS, firewall, proxy.',
  proxy_failed:
    'See whether the address, user and password of the proxy are right, and whether it runs.',
  silent:
    'It is slow, or something on the way swallows what is sent. Test it again, or use a proxy.',
  redirected: 'Set the base URL to where it points, if that is to be trusted.',
  not_understood:
    'That address answers, but not as such a server does. See whether the base URL is right.',
  unreadable: 'Give the account its secret again: what is stored of it cannot be opened.',
  no_proxies_here:
    'Cloudflare Workers have no proxies. Take the proxy away, or run this account on a machine.',
}
