import { SetupError } from '../errors'
import { joinExtras, readHeaders } from '../extras'
import type { FileAccount } from '../store/account-file/account'
import type { Found } from '../store/account-file/found'
import { readRecord } from '../store/account-file/record'
import { foundAt, hostOf, isAddress, keyAccount } from './pasted-key'

/** A request of a browser or of documentation. */
interface Request {
  readonly address: string | undefined
  /** By lower-case name. */
  readonly headers: ReadonlyMap<string, string>
}

/** What of a browser's request is the owner's, and worth to be sent again. */
const KEPT = ['user-agent', 'x-statsig-id']

/** The account that a curl command would use. */
export const curlIn = (text: string): readonly Found[] | undefined =>
  /^\s*(?:\$\s*)?curl(?:\.exe)?\s/.test(text)
    ? [foundAt('line 1', () => accountOf(curl(text)))]
    : undefined

/** The account of a request whose headers were copied from a browser. */
export function headersIn(text: string): readonly Found[] | undefined {
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  const headers = new Map<string, string>()
  for (const line of lines) {
    const [, name, value = ''] = /^\s*:?([A-Za-z][\w-]*):\s*(.*)$/.exec(line) ?? []
    if (name) headers.set(name.toLowerCase(), value.trim())
  }
  if (lines.length < 2 || headers.size * 2 < lines.length) return undefined
  if (!headers.has('cookie') && !headers.has('authorization')) return undefined
  const host = headers.get('host') ?? headers.get('authority')
  const address = host && `https://${host}`
  return [foundAt('line 1', () => accountOf({ address, headers }))]
}

function accountOf({ address, headers }: Request): FileAccount {
  const cookie = headers.get('cookie') ?? ''
  if (/(?:^|;\s*)sso(?:-rw)?=/.test(cookie)) {
    const account = readRecord({ token: cookie })
    const kept = KEPT.flatMap((name) => {
      const value = headers.get(name)
      return value === undefined ? [] : [`${name}: ${value}`]
    })
    const own = { headers: readHeaders(kept.join('\n')), cookies: '' }
    return { ...account, extras: joinExtras(account.extras ?? { headers: {}, cookies: '' }, own) }
  }
  const [, bearer] = /^Bearer\s+(\S+)$/i.exec(headers.get('authorization') ?? '') ?? []
  const secret = bearer ?? headers.get('x-api-key') ?? headers.get('api-key')
  if (secret !== undefined) return keyAccount(secret, address)
  if (address && /(?:^|\.)grok\.com$/.test(hostOf(address)))
    throw new SetupError(
      'There is no cookie "sso" in that request.',
      'Copy a request that was sent while you were signed in, with its cookies.',
    )
  throw new SetupError(
    'There is no key in that request.',
    'It stands in the header "Authorization: Bearer …".',
  )
}

/** Options of curl that are followed by a word. */
const HEADER = new Set(['-H', '--header'])
const COOKIE = new Set(['-b', '--cookie'])
const AGENT = new Set(['-A', '--user-agent'])

function curl(text: string): Request {
  const words = shellWords(text)
  const headers = new Map<string, string>()
  let address: string | undefined
  for (const [at, word] of words.entries()) {
    const next = words[at + 1] ?? ''
    if (HEADER.has(word)) {
      const colon = next.indexOf(':')
      headers.set(next.slice(0, colon).trim().toLowerCase(), next.slice(colon + 1).trim())
    } else if (COOKIE.has(word)) headers.set('cookie', next)
    else if (AGENT.has(word)) headers.set('user-agent', next)
    else if (word === '--oauth2-bearer') headers.set('authorization', `Bearer ${next}`)
    else if (isAddress(word)) address ??= word
  }
  return { address, headers }
}

const WORD = /'([^']*)'|"((?:[^"\\]|\\[\s\S])*)"|((?:[^\s'"\\]|\\[\s\S])+)/y

/** The words of a command line as a shell takes them apart, as far as copied commands need it. */
function shellWords(text: string): string[] {
  const joined = text.replace(/[\\^]\n/g, ' ')
  const words: string[] = []
  let word = ''
  for (let at = 0; at < joined.length; ) {
    WORD.lastIndex = at
    const [whole, single, double, bare] = WORD.exec(joined) ?? []
    if (whole === undefined) {
      if (word) words.push(word)
      word = ''
      at++
      continue
    }
    word +=
      single ?? double?.replace(/\\([\s\S])/g, '$1') ?? bare?.replace(/\\([\s\S])/g, '$1') ?? ''
    at += whole.length
  }
  return word ? [...words, word] : words
}
