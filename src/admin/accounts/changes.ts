import { ApiError, SetupError } from '../../errors'
import { type Extras, joinExtras, NO_EXTRAS, readCookies, readHeaders } from '../../extras'
import { orNull } from '../../operator/account-extras'
import { readProxy } from '../../proxy'
import { readSession, type Session } from '../../session-text'
import { readTags, readText } from '../../store/account-file/account'
import type { AccountChanges, AccountKind } from '../../store/accounts'
import type { AccountFields } from './fields'

/** What is to become of an account, in the terms of the store. */
export interface Wanted {
  readonly changes: Omit<AccountChanges, 'extras'>
  /** What becomes of its headers and cookies; undefined where nothing is said of them. */
  readonly extras: ((old: Extras) => Extras | null) | undefined
  /** Cookies of a pasted session that no program can send. */
  readonly leftOut: readonly string[]
}

/**
 * Check what an operator says of an account of a kind.
 *
 * @param canProxy whether calls can go through a proxy here: not on Workers
 * @throws ApiError that names the field
 */
export function wantedOf(kind: AccountKind, fields: AccountFields, canProxy: boolean): Wanted {
  refuseForeign(kind, fields)
  const { enabled, weight, api, tier } = fields
  const session = fields.secret === undefined ? undefined : secretOf(kind, fields.secret)
  const changes = {
    ...{ enabled, weight, api, tier },
    name: fields.name === undefined ? undefined : nameOf(fields.name),
    baseUrl: fields.base_url === undefined ? undefined : addressOf(fields.base_url),
    secret: session?.token,
    maxInFlight: fields.max_in_flight,
    requestsPerMinute: fields.requests_per_minute,
    models: fields.models && [...new Set(fields.models.map((id) => textOf('models', id, 200)))],
    proxy: fields.proxy && proxyOf(fields.proxy, canProxy),
    tags: fields.tags && readTags(fields.tags),
    note: fields.note && readText(fields.note, 1000),
  }
  return { changes, extras: extrasOf(fields, session), leftOut: session?.leftOut ?? [] }
}

const OF_SESSIONS = ['tier', 'headers', 'cookies'] as const
const OF_SERVERS = ['api'] as const

function refuseForeign(kind: AccountKind, fields: AccountFields): void {
  const foreign = (kind === 'web' ? OF_SERVERS : OF_SESSIONS).find(
    (name) => fields[name] !== undefined && fields[name] !== null,
  )
  if (foreign)
    throw wrong(
      foreign,
      kind === 'web'
        ? 'Leave it out: grok.com speaks its own protocol only.'
        : 'Leave it out: only accounts of the kind web, which are grok.com sessions, have it.',
    )
}

function nameOf(given: string): string {
  const name = given.trim()
  if (name !== '' && !name.includes('/') && readText(name, 80) === name) return name
  throw wrong('name', 'A name has 1 to 80 signs that can be seen, and no "/".')
}

function textOf(field: string, given: string, most: number): string {
  const text = given.trim()
  if (text !== '' && readText(text, most) === text) return text
  throw wrong(field, 'There is something in it that cannot be seen.')
}

/** What an address holds beside the way to a server would be shown, or is sent nowhere. */
function addressOf(given: string): string {
  const address = given.trim()
  const url = URL.parse(address)
  if (!url || !/^https?:\/\//i.test(address) || /\s/.test(address))
    throw wrong('base_url', 'It is no web address: it starts with https:// or http://.')
  if (url.username || url.password)
    throw wrong(
      'base_url',
      'Leave user and password out of it: what opens the account is its secret.',
    )
  if (url.search || url.hash)
    throw wrong('base_url', 'Leave out what follows "?" or "#": paths are put behind it.')
  return address
}

function secretOf(kind: AccountKind, given: string): Session {
  const text = given.trim()
  if (kind === 'web') return asked('secret', () => readSession(text))
  if (/^[\x21-\x7e]{1,4096}$/.test(text)) return { token: text, extras: NO_EXTRAS, leftOut: [] }
  throw wrong('secret', 'A key is one word of up to 4096 letters, digits and signs.')
}

function proxyOf(given: string, canProxy: boolean): string {
  if (!canProxy)
    throw wrong(
      'proxy',
      'Cloudflare Workers have no proxies, so that this account would take no turns. Run it on a machine, or leave the proxy out.',
    )
  return asked('proxy', () => readProxy(given))
}

function extrasOf(fields: AccountFields, session: Session | undefined): Wanted['extras'] {
  const { headers, cookies } = fields
  const brought = session?.extras ?? NO_EXTRAS
  if (headers === undefined && cookies === undefined && brought === NO_EXTRAS) return
  const lines = Object.entries(headers ?? {}).flatMap(([name, value]) =>
    value === null ? [] : [`${name.trim()}: ${value.trim()}`],
  )
  for (const line of lines) if (/[\r\n]/.test(line)) throw wrong('headers', 'A header is one line.')
  const set = asked('headers', () => readHeaders(lines.join('\n')))
  const jar = asked('cookies', () => readCookies(cookies ?? ''))
  const gone = new Set(
    Object.entries(headers ?? {}).flatMap(([name, value]) =>
      value === null ? [name.trim().toLowerCase()] : [],
    ),
  )
  return (old) => {
    const kept = Object.entries(headers === null ? {} : old.headers).filter(
      ([name]) => !gone.has(name),
    )
    const known = {
      headers: Object.fromEntries(kept),
      cookies: cookies === undefined ? old.cookies : '',
    }
    return orNull(joinExtras(joinExtras(known, brought), { headers: set, cookies: jar }))
  }
}

/** What a reader has against a text, said of the field that it stands in. */
function asked<T>(field: string, read: () => T): T {
  try {
    return read()
  } catch (cause) {
    if (cause instanceof SetupError) throw wrong(field, `${cause.message} ${cause.remedy}`.trim())
    throw cause
  }
}

const wrong = (param: string, message: string) => new ApiError('invalid_value', message, { param })
