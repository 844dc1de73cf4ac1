import { isObject, isText, type Json } from '../json-value'
import type { FileAccount } from '../store/account-file/account'
import type { Found } from '../store/account-file/found'
import { readRecord } from '../store/account-file/record'
import { foundAt } from './pasted-key'

interface Cookie {
  readonly name: string
  readonly value: string
  readonly domain: string
}

/** What a browser would send to grok.com. */
const isOfGrok = ({ domain }: Cookie): boolean =>
  domain === '' || /(?:^|\.)(?:grok\.com|x\.ai)$/i.test(domain)

/** The session among cookies that an extension or a program has exported. */
const session = (cookies: readonly Cookie[]): FileAccount =>
  readRecord({
    token: cookies
      .filter(isOfGrok)
      .map(({ name, value }) => `${name}=${value}`)
      .join('; '),
  })

/** The session in a JSON of cookies as browser extensions and test programs export it. */
export function cookiesInJson(value: unknown): readonly Found[] | undefined {
  const list = isObject(value) ? value.cookies : value
  if (!Array.isArray(list) || list.length === 0) return undefined
  const cookies = list.map(cookieOf)
  if (!cookies.every((one) => one !== undefined)) return undefined
  return [foundAt('line 1', () => session(cookies))]
}

function cookieOf(value: unknown): Cookie | undefined {
  if (!isObject(value)) return undefined
  const said = (...names: string[]) => names.map((name) => value[name]).find(isText)
  const [name, content] = [said('name', 'Name raw'), said('value', 'Content raw')]
  if (name === undefined || content === undefined) return undefined
  return { name, value: content, domain: said('domain', 'host', 'Host raw') ?? '' }
}

/** The session in a file of cookies as Netscape kept it, and curl does. */
export function cookiesInFile(text: string): readonly Found[] | undefined {
  const lines = text.split('\n').filter((line) => line.split('\t').length === NETSCAPE)
  if (lines.length === 0) return undefined
  const isHeaded = /^#.*Netscape HTTP Cookie File/i.test(text.trimStart())
  const cookies = lines.map((line): Cookie => {
    const [domain = '', , , , , name = '', value = ''] = line.split('\t')
    return { name, value: value.trim(), domain: domain.replace(/^#HttpOnly_/i, '') }
  })
  if (!isHeaded && !cookies.some(({ name }) => name === 'sso')) return undefined
  return [foundAt('line 1', () => session(cookies))]
}

const NETSCAPE = 7

const plain = (key: string): string => key.toLowerCase().replace(/[\s_-]+/g, '')
const KEY_FIELDS = /(?:^key|api_?key|apitoken)$/
const ADDRESS_FIELDS = /(?:^url|base_?url|apibase|endpoint)$/
const DEPTH = 5

/** The keys in the settings of other programs, such as `{"apiKey":…,"baseURL":…}`. */
export function* keysInJson(
  value: unknown,
  keyAt: (where: string, secret: string, address: string | undefined) => Found,
  path = '',
): Generator<Found> {
  if (path.split('.').length > DEPTH) return
  if (Array.isArray(value)) {
    for (const [at, one] of value.entries()) yield* keysInJson(one, keyAt, `${path}[${at}]`)
    return
  }
  if (!isObject(value)) return
  const secret = fieldOf(value, KEY_FIELDS)
  if (secret !== undefined) yield keyAt(path || 'line 1', secret, fieldOf(value, ADDRESS_FIELDS))
  for (const [name, inner] of Object.entries(value))
    if (typeof inner === 'object')
      yield* keysInJson(inner, keyAt, `${path && `${path}.`}${name.slice(0, 16)}`)
}

const fieldOf = (value: Json, names: RegExp): string | undefined => {
  const [, found] =
    Object.entries(value).find(([key, text]) => isText(text) && names.test(plain(key))) ?? []
  return isText(found) && found !== '' ? found : undefined
}
