import { SetupError } from '../../errors'
import { type Extras, joinExtras, NO_EXTRAS, readHeaders } from '../../extras'
import { isObject, isText, type Json } from '../../json-value'
import { readProxy } from '../../proxy'
import { readJar, readSession } from '../../session-text'
import { ACCOUNT_KINDS, type Tier } from '../schema'
import { type FileAccount, readTags, readText, readTier } from './account'

/** What people and programs call the fields of an account, in lower case and without `_`, `-` and spaces. */
const ALIASES = {
  kind: ['kind'],
  token: ['token', 'sso', 'ssotoken', 'secret', 'session', 'cookie', '令牌'],
  cookies: ['cookies', 'cloudflarecookies', 'cfcookies'],
  clearance: ['cfclearance'],
  agent: ['useragent'],
  statsig: ['statsigid', 'xstatsigid'],
  tier: ['tier', 'tokentype', 'pool', 'plan', 'type', '类型'],
  tags: ['tags', 'tag', '标签'],
  note: ['note', 'notes', 'remark', '备注'],
  name: ['name', '名称'],
  status: ['status', 'state', '状态'],
  address: ['baseurl'],
} as const

const plainKey = (key: string): string => key.toLowerCase().replace(/[\s_-]+/g, '')

/** Whether a table has a column of this name for its tokens. */
export const isTokenColumn = (name: string): boolean =>
  (ALIASES.token as readonly string[]).includes(plainKey(name))

type Fields = ReadonlyMap<string, unknown>

/**
 * Read an account out of a record of any program.
 *
 * @param tier that of the pool it was found in, where its own field says nothing
 * @throws SetupError that says why it is of no use
 */
export function readRecord(record: Json, tier?: Tier): FileAccount {
  const fields = new Map(Object.entries(record).map(([key, value]) => [plainKey(key), value]))
  const said = fields.get('kind')
  const kind = said === undefined ? 'web' : ACCOUNT_KINDS.find((known) => known === said)
  if (!kind) throw new SetupError('It is of a kind that Groxy does not know.', '')
  const leftOut: string[] = []
  const account = {
    kind,
    name: readText(fieldOf(fields, 'name'), 80).replaceAll('/', '-') || undefined,
    enabled: isEnabled(fields),
    tags: readTags(fieldOf(fields, 'tags')),
    note: readText(fieldOf(fields, 'note'), 1000) || null,
    ...limitsOf(fields, leftOut),
    leftOut,
  }
  if (kind !== 'web')
    return { ...account, secret: readSecret(fieldOf(fields, 'token')), tier: null, extras: null }
  const session = readSession(textOf(fieldOf(fields, 'token') ?? fieldOf(fields, 'cookies')))
  leftOut.push(...session.leftOut)
  const own = extrasOf(fields, leftOut)
  const extras = joinExtras(own, session.extras)
  return {
    ...account,
    secret: session.token,
    tier: readTier(fieldOf(fields, 'tier')) ?? tier ?? null,
    extras: extras.cookies || Object.keys(extras.headers).length > 0 ? extras : null,
  }
}

/** The first field that says something under one of its names. */
function fieldOf(fields: Fields, name: keyof typeof ALIASES): unknown {
  for (const alias of ALIASES[name]) {
    const value = fields.get(alias)
    if (value !== undefined && value !== null && value !== '') return value
  }
  return undefined
}

function readSecret(given: unknown): string {
  if (isText(given) && /^[\x21-\x7e]{1,4096}$/.test(given)) return given
  throw new SetupError('It has no secret, or one with spaces or control signs.', '')
}

const OFF = new Set(['disabled', 'inactive', 'off', '禁用', '已禁用'])
const NO = new Set<unknown>([false, 0, '0', 'false', 'no'])
const YES = new Set<unknown>([true, 1, '1', 'true', 'yes'])

/** Whatever else another program held against it is found out anew. */
function isEnabled(fields: Fields): boolean {
  const status = fieldOf(fields, 'status')
  if (isText(status) && OFF.has(status.trim().toLowerCase())) return false
  return (
    !NO.has(fields.get('enabled')) &&
    !NO.has(fields.get('isactive')) &&
    !YES.has(fields.get('disabled'))
  )
}

function extrasOf(fields: Fields, leftOut: string[]): Extras {
  const jar = readJar(textOf(fieldOf(fields, 'cookies')))
  leftOut.push(...jar.leftOut)
  const clearance = textOf(fieldOf(fields, 'clearance')).replace(/^cf_clearance=/, '')
  const cleared = readJar(clearance && `cf_clearance=${clearance}`)
  leftOut.push(...cleared.leftOut)
  const said = fields.get('headers')
  const headers = [
    ...Object.entries(isObject(said) ? said : {}),
    ['user-agent', fieldOf(fields, 'agent')] as const,
    ['x-statsig-id', fieldOf(fields, 'statsig')] as const,
  ].flatMap(([name, value]) => (isText(value) ? headerOf(name, value, leftOut) : []))
  return joinExtras(
    { headers: Object.fromEntries(headers), cookies: jar.cookies },
    cleared.cookies ? { headers: {}, cookies: cleared.cookies } : NO_EXTRAS,
  )
}

function headerOf(name: string, value: string, leftOut: string[]): [string, string][] {
  try {
    return Object.entries(readHeaders(`${name}: ${value.replace(/[\r\n]+/g, ' ')}`))
  } catch (cause) {
    if (!(cause instanceof SetupError)) throw cause
    leftOut.push(readText(name, 60))
    return []
  }
}

/** What only an export of Groxy itself says. */
function limitsOf(fields: Fields, leftOut: string[]): Partial<FileAccount> {
  const count = (name: string): number | undefined => {
    const value = fields.get(name)
    if (typeof value === 'number' && Number.isInteger(value) && value > 0) return value
    if (value !== undefined && value !== null) leftOut.push(name)
    return undefined
  }
  const [address, models, api, proxy] = [
    fieldOf(fields, 'address'),
    fields.get('models'),
    fields.get('api'),
    fields.get('proxy'),
  ]
  if (address !== undefined && !(isText(address) && /^https?:\/\/\S+$/.test(address)))
    throw new SetupError('Its base_url is no web address.', '')
  return {
    baseUrl: isText(address) ? address : undefined,
    weight: count('weight'),
    maxInFlight: count('max'),
    requestsPerMinute: count('rpm'),
    models: Array.isArray(models) && models.every(isText) ? models : undefined,
    api: api === 'chat' || api === 'responses' || api === 'both' ? api : undefined,
    proxy: isText(proxy) ? readProxy(proxy) : undefined,
  }
}

const textOf = (value: unknown): string => (isText(value) ? value : '')
