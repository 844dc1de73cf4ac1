import { SetupError } from '../errors'
import type { FileAccount } from '../store/account-file/account'
import type { Found } from '../store/account-file/found'
import { readRecord } from '../store/account-file/record'

const XAI = /^xai-[\x21-\x7e]{4,}$/
/** What several providers begin their keys with. */
const KNOWN = /^(?:(?:sk|gsk|rk|pk|csk|nvapi|hf|fw|tgp|r8)[-_]|AIza)[A-Za-z0-9_.:-]{6,}$/
/** Of those, whose server is not OpenAI's. */
const FOREIGN = /^(?:sk-(?:ant|or)-|gsk|rk|pk|csk|nvapi|hf|fw|tgp|r8|AIza)/
/** What programs present to Groxy. */
const OWN = /^(?:sk-groxy-|groxy-admin-)/
/** A signed token, as sessions are. */
export const JWT = /^eyJ[\w-]{4,}\.[\w-]+\.[\w-]*$/
/** A line that is a session and nothing else. */
const SESSION = /^\s*(?:(?:cookie:\s*)?sso(?:-rw)?=\S|eyJ[\w-]{4,}\.[\w-]+\.[\w-]*\s*$)/i
/** Any word that could be a secret, where an address stands beside it. */
const SECRET = /^(?=.*\d)[\w.~+/=-]{16,}$/
const ADDRESS = /^https?:\/\/[^\s/]+/i

/** What stands behind the address of an API in documentation and in requests. */
const ENDPOINT =
  /\/(?:chat\/completions|completions|responses|models|embeddings|images\/\w+|videos\/\w+|files|messages)(?:\/.*)?$/

/** Whether a secret says itself that it is a key of some API. */
export const isKey = (text: string): boolean => XAI.test(text) || KNOWN.test(text)

export const isAddress = (text: string): boolean => ADDRESS.test(text)

/** Where an API begins, out of any address of it. */
export function baseOf(address: string): string {
  const url = new URL(address)
  const path = url.pathname.replace(ENDPOINT, '').replace(/\/+$/, '')
  return url.origin + (path || '/v1')
}

/**
 * An account of a key, and of the address that stands beside it.
 *
 * @throws SetupError where nobody can know whose key it is, or it is one of ours
 */
export function keyAccount(secret: string, address: string | undefined): FileAccount {
  if (OWN.test(secret))
    throw new SetupError(
      'That is a key of Groxy itself, which programs present to it.',
      'Paste what an upstream has given you.',
    )
  if (/[…$<>]|\.\.\./.test(secret))
    throw new SetupError(
      'That stands for a key, and is none: it was cut short, or names a variable.',
      'Paste the key itself.',
    )
  const kind = XAI.test(secret) ? 'xai' : 'openai'
  if (address === undefined && kind === 'openai' && (FOREIGN.test(secret) || !KNOWN.test(secret)))
    throw new SetupError(
      'It could be a key of several providers, and must not be shown to the wrong one.',
      'Paste its base URL beside it, such as https://host/v1.',
    )
  if (!/^[\x21-\x7e]{1,4096}$/.test(secret))
    throw new SetupError('There is a sign in it that no key has.', 'Copy the key once more.')
  return {
    ...{ kind, secret, name: undefined, enabled: true, tier: null, extras: null },
    ...{ tags: [], note: null, leftOut: [] },
    baseUrl: address === undefined ? undefined : baseOf(address),
  }
}

/** The same with the place that it stands at, or what is wrong there. */
export function keyAt(where: string, secret: string, address: string | undefined): Found {
  return foundAt(where, () => keyAccount(secret, address))
}

/** What stands at a place, or why there is nothing. */
export function foundAt(where: string, read: () => FileAccount): Found {
  try {
    return { where, account: read() }
  } catch (cause) {
    if (!(cause instanceof SetupError)) throw cause
    return { where, problem: `${cause.message} ${cause.remedy}`.trim() }
  }
}

interface Line {
  readonly where: string
  readonly text: string
  readonly keys: readonly string[]
  readonly address: string | undefined
}

/** The words of a line, without what only parts or names them. */
const wordsOf = (text: string): string[] =>
  text
    .split(/[\s,;|"'`()[\]{}<>]+/)
    .map((word) => (isAddress(word) ? word : word.replace(/^[A-Za-z_][\w.-]*[=:](?=.)/, '')))
    .map((word) => word.replace(/[.,:)]+$/, ''))
    .filter(Boolean)

/**
 * The keys of a text with their addresses: in the same line, in a line before, or the only one there is.
 * Undefined where there is no key in it.
 */
export function keysIn(text: string): readonly Found[] | undefined {
  const lines: Line[] = []
  const addresses = new Set<string>()
  let isKeyed = false
  for (const [at, line] of text.split('\n').entries()) {
    if (line.trim() === '' || /^\s*#/.test(line)) continue
    const words = wordsOf(line)
    const address = words.find(isAddress)
    if (address) addresses.add(address)
    const keys = words.filter(isKey)
    isKeyed ||= keys.length > 0
    lines.push({ where: `line ${at + 1}`, text: line, keys, address })
  }
  const isOfGrok = [...addresses].every((one) => /^(?:www\.)?grok\.com$/.test(hostOf(one)))
  if (!isKeyed && (addresses.size === 0 || isOfGrok)) return undefined
  const [only, other] = addresses
  const usual = other === undefined ? only : undefined
  const keyed = isKeyed ? lines : lines.map(withAnySecret)
  const isEntry = ({ keys, text: line }: Line) => keys.length > 0 || SESSION.test(line)
  const isList = keyed.filter(isEntry).length * 2 > keyed.length
  let last: string | undefined
  const found = keyed.flatMap(({ where, text: line, keys, address }): Found[] => {
    last = address ?? last
    if (keys.length > 0) return keys.map((key) => keyAt(where, key, address ?? last ?? usual))
    if (address || !isList) return []
    return [foundAt(where, () => readRecord({ token: line.trim() }))]
  })
  return found.length > 0 ? found : undefined
}

/** Beside an address any long word may be the key. */
function withAnySecret(line: Line): Line {
  const secrets = wordsOf(line.text).filter((word) => !isAddress(word) && SECRET.test(word))
  return { ...line, keys: secrets.slice(0, 1) }
}

export const hostOf = (address: string): string => URL.parse(address)?.hostname ?? ''

const VARIABLE =
  /^\s*(?:-\s+)?(?:export\s+|set\s+|setx\s+|\$env:)?["']?([A-Za-z_][A-Za-z0-9_]*)["']?\s*[=:]\s*(.*?)[\s,;]*$/i
const KEY_NAME = /^(.*?)_?(?:API_?KEY|API_?TOKEN|ACCESS_?TOKEN|AUTH_?TOKEN|SECRET_?KEY)$/i
const ADDRESS_NAME = /^(.*?)_?(?:API_?)?(?:BASE_?URL|API_?BASE|BASE|ENDPOINT|URL)$/i

/** The keys of lines such as `OPENAI_API_KEY=…`, each with the address of the same prefix. */
export function variablesIn(text: string): readonly Found[] | undefined {
  const keys: { readonly where: string; readonly of: string; readonly secret: string }[] = []
  const addresses = new Map<string, string>()
  for (const [at, line] of text.split('\n').entries()) {
    const [, name = '', said = ''] = VARIABLE.exec(line) ?? []
    const value = said.replace(/^(["'])(.*)\1$/, '$2').trim()
    const [, ofKey] = KEY_NAME.exec(name) ?? []
    const [, ofAddress] = ADDRESS_NAME.exec(name) ?? []
    if (ofKey !== undefined && value !== '' && !isAddress(value))
      keys.push({ where: `line ${at + 1}`, of: ofKey.toUpperCase(), secret: value })
    else if (ofAddress !== undefined && isAddress(value))
      addresses.set(ofAddress.toUpperCase(), value)
  }
  if (keys.length === 0) return undefined
  const [only] = addresses.values()
  return keys.map(({ where, of, secret }) =>
    keyAt(where, secret, addresses.get(of) ?? (keys.length === 1 ? only : undefined)),
  )
}
