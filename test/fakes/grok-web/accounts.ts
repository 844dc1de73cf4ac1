import { createHash } from 'node:crypto'

/** What the owner of a session pays for. */
export type Tier = 'basic' | 'super' | 'heavy'

/** How the site treats a session (protocol, 2.13); each may be set while the fake runs. */
export type State =
  | 'valid'
  /** 401 with a marker, at every endpoint. */
  | 'expired'
  /** 403 JSON, code 7, `blocked-user`, at every endpoint. */
  | 'blocked'
  /** 400 JSON, code 3, `email-domain-rejected`, at every endpoint. */
  | 'email_rejected'
  /** 403 HTML with `cf-mitigated`, at every endpoint. */
  | 'challenged'
  /** 403 without a body, at every endpoint. */
  | 'challenged_empty'
  /** 403 JSON "anti-bot rules" at app-chat and media endpoints. */
  | 'anti_bot'
  /** 200 and the same as the first line of a chat. */
  | 'anti_bot_in_band'
  /** 429 for chats and the imagine socket, with `Retry-After` when `retryAfter` is set. */
  | 'limited'
  /** 200 and `{"error":{"code":8…}}` as the first line of a chat. */
  | 'limited_in_band'
  /** 200 and an error that speaks of heavy usage as the first line of a chat. */
  | 'heavy_usage_in_band'
  /** 200 and `result.response.error` about the usage limit as the first line of a chat. */
  | 'usage_limit_in_band'
  /** 403 `content-moderated` for chats. */
  | 'moderated'

/** What a 401 says, by which clients know that a session is over. */
export const MARKERS = [
  'bad-credentials',
  'invalid-credentials',
  'failed to look up session id',
  'session not found',
  'token revoked',
  'token expired',
] as const

/** How an account of the fake begins. */
export interface AccountOptions {
  readonly name: string
  readonly sso?: string
  readonly tier?: Tier
  readonly state?: State
  /** Units or turns of each window of the account, or of those that are named. */
  readonly quota?: number | Readonly<Record<string, number>>
  readonly retryAfter?: number
}

/** A session of the fake; what is not readonly may be changed while it runs. */
export interface WebAccount {
  readonly name: string
  readonly sso: string
  /** What a browser would send: `sso=…; sso-rw=…`. */
  readonly cookie: string
  readonly userId: string
  readonly quota: AccountOptions['quota']
  tier: Tier
  state: State
  /** Seconds of the `Retry-After` of a 429. */
  retryAfter: number | undefined
  marker: (typeof MARKERS)[number]
  /** What `/rest/rate-limits` does: tells the truth, says 8 for ever, or answers 500. */
  limits: 'true' | 'eight' | 'fails'
  /** The form of its answer; by default that of the request. */
  limitsForm: 'units' | 'queries' | undefined
}

const digest = (text: string): string => createHash('sha256').update(text).digest('hex')

/** The same id for the same text, in the form of a UUID. */
export const uuidOf = (text: string): string => {
  const hex = digest(text)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

/** The `sso` value of an account that was given none: a JWT in form. */
export function ssoOf(name: string): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const signature = Buffer.from(digest(name), 'hex').toString('base64url')
  return `${part({ typ: 'JWT', alg: 'HS256' })}.${part({ session_id: uuidOf(`session ${name}`) })}.${signature}`
}

function createAccount(options: AccountOptions): WebAccount {
  const { name, sso = ssoOf(name), tier = 'basic', state = 'valid', quota, retryAfter } = options
  return {
    ...{ name, sso, cookie: `sso=${sso}; sso-rw=${sso}`, userId: uuidOf(`user ${name}`), quota },
    ...{ tier, state, retryAfter, marker: 'invalid-credentials' },
    ...{ limits: 'true', limitsForm: undefined },
  }
}

/** The accounts of the site, found as it finds them: by the `sso` cookie. */
export function createAccounts(first: readonly AccountOptions[]) {
  const byName = new Map<string, WebAccount>()
  const bySso = new Map<string, WebAccount>()
  const accounts = {
    add(options: AccountOptions): WebAccount {
      const account = createAccount(options)
      byName.set(account.name, account)
      bySso.set(account.sso, account)
      return account
    },
    named(name: string): WebAccount {
      const account = byName.get(name)
      if (!account) throw new Error(`the fake has no account '${name}'`)
      return account
    },
    withSso: (sso: string): WebAccount | undefined => bySso.get(sso),
  }
  for (const options of first) accounts.add(options)
  return accounts
}

export type Accounts = ReturnType<typeof createAccounts>

/** A `Cookie` line as names and values; the separator is `;` or `; `. */
export function readCookies(line: string | null): Readonly<Record<string, string>> {
  const pairs = (line ?? '').split(/;\s*/).filter((pair) => pair.includes('='))
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=')
      return [pair.slice(0, at).trim(), pair.slice(at + 1)]
    }),
  )
}
