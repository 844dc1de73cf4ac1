import { SetupError } from '../errors'
import { sleep } from '../sleep'
import type { FileAccount } from '../store/account-file/account'
import type { Found } from '../store/account-file/found'
import { accountsIn, onlyOnce, type PlaceFound, readAccountFile } from '../store/account-file/read'
import { readRecord } from '../store/account-file/record'
import type { AccountKind } from '../store/accounts'
import { cookiesInFile, cookiesInJson, keysInJson } from './pasted-cookies'
import {
  foundAt,
  isAddress,
  isKey,
  JWT,
  keyAccount,
  keyAt,
  keysIn,
  variablesIn,
} from './pasted-key'
import { curlIn, headersIn } from './pasted-request'

/** What a pasted text was taken for. Stable: pages say it in their own language by this. */
export const PASTED_FORMS = [
  'xai_key',
  'api_key',
  'environment',
  'request',
  'session',
  'cookie_line',
  'cookie_export',
  'json',
  'list',
] as const
export type PastedForm = (typeof PASTED_FORMS)[number]

/** What was found in a pasted text. */
export interface Pasted {
  readonly form: PastedForm
  readonly places: readonly PlaceFound[]
}

/** No other form than those of files is looked for in more than this. */
const LARGE = 1_000_000

/**
 * Find out what somebody has pasted: a key, a key with its address, lines of an environment, a curl
 * command, a session, cookies in whatever form, or a file of many of them.
 *
 * @param kind of what it is, where somebody has said so
 * @throws SetupError that says why it is nothing that Groxy knows, without quoting it
 */
export function readPasted(given: string, kind?: AccountKind): Pasted {
  const text = given.replace(/^\ufeff/, '').replace(/\r\n?/g, '\n')
  const whole = text.trim()
  if (whole === '') throw new SetupError('There is nothing in it.', EXAMPLES)
  if (kind !== undefined && !/\s/.test(whole)) return word(whole, kind)
  if (/^[[{]/.test(whole)) return json(text)
  if (whole.length <= LARGE) {
    const found = special(text, whole)
    if (found) return found
  }
  if (!whole.includes('\n')) return line(whole)
  return { form: 'list', places: readAccountFile(text).map(asKey) }
}

/** Others have their turn after so many places of a large file. */
const AT_ONCE = 100

/**
 * The same for what may be a large file: who has to do something else meanwhile can.
 *
 * @throws SetupError that says why it is nothing that Groxy knows, without quoting it
 */
export async function readPastedFile(text: string): Promise<Pasted> {
  if (text.length <= LARGE) return readPasted(text)
  const places: PlaceFound[] = []
  for (const place of accountsIn(text)) {
    places.push(asKey(place))
    if (places.length % AT_ONCE === 0) await sleep(0)
  }
  return { form: /^\s*[[{]/.test(text) ? 'json' : 'list', places }
}

function special(text: string, whole: string): Pasted | undefined {
  const request = curlIn(whole) ?? headersIn(text)
  if (request) return { form: 'request', places: request }
  const cookies = cookiesInFile(text)
  if (cookies) return { form: 'cookie_export', places: cookies }
  if (isTable(whole)) return undefined
  const variables = variablesIn(text)
  if (variables) return { form: 'environment', places: [...onlyOnce(variables)] }
  const keys = keysIn(text)
  if (!keys) return undefined
  const [only, other] = keys
  if (other || !only) return { form: 'list', places: [...onlyOnce(keys)] }
  return { form: isOfXai(only) ? 'xai_key' : 'api_key', places: keys }
}

const isOfXai = (place: Found): boolean => 'account' in place && place.account.kind === 'xai'

/** A first line that names its columns. */
const isTable = (whole: string): boolean =>
  /^[^\n]*\b(?:token|sso|secret)\b[^\n=:]*[,;\t]/i.test(whole) ||
  /^[^\n=:]*[,;\t][^\n=:]*\b(?:token|sso|secret)\b/i.test(whole)

function json(text: string): Pasted {
  const value = parsed(text)
  const cookies = cookiesInJson(value)
  if (cookies) return { form: 'cookie_export', places: cookies }
  const keys = [...keysInJson(value, keyAt)]
  if (keys.length > 0) return { form: 'json', places: [...onlyOnce(keys)] }
  return { form: 'json', places: readAccountFile(text).map(asKey) }
}

/** What the parser says of a fault may quote a secret; what is none may be lines of JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** A single line that is no key: a session in one of its forms. */
function line(whole: string): Pasted {
  if (isAddress(whole))
    throw new SetupError('That is an address only.', 'Paste the key that belongs to it as well.')
  const bare = whole.replace(/^(["'])(.*)\1$/, '$2').replace(/[;,\s]+$/, '')
  if (JWT.test(bare)) return { form: 'session', places: [sessionAt(bare)] }
  if (/(?:^|[;\s"'])sso(?:-rw)?=/i.test(whole))
    return { form: /;\s*\S/.test(whole) ? 'cookie_line' : 'session', places: [sessionAt(whole)] }
  if (/^[\w-]+=[^;]*;/.test(whole.replace(/^cookie:\s*/i, '')))
    return { form: 'cookie_line', places: [sessionAt(whole)] }
  const [place] = /[,;\t]/.test(whole) ? readAccountFile(whole).map(asKey) : []
  if (
    place &&
    'account' in place &&
    (isKey(place.account.secret) || JWT.test(place.account.secret))
  )
    return { form: 'list', places: [place] }
  throw new SetupError(
    'That is neither a key nor a session that can be known by its form.',
    EXAMPLES,
  )
}

const EXAMPLES =
  'Paste an xAI key (xai-…), any other API key together with its base URL, or of a grok.com session the value of the cookie "sso" (it begins with eyJ), the whole line of cookies, or their export as JSON.'

function word(secret: string, kind: AccountKind): Pasted {
  if (kind === 'web') return { form: 'session', places: [sessionAt(secret)] }
  const place = foundAt('line 1', () => ({
    ...keyAccount(secret, 'https://host'),
    kind,
    baseUrl: undefined,
  }))
  return { form: kind === 'xai' ? 'xai_key' : 'api_key', places: [place] }
}

const sessionAt = (token: string): Found => foundAt('line 1', () => readRecord({ token }))

/** A list of tokens may hold keys, which are no sessions. */
function asKey(place: PlaceFound): PlaceFound {
  if (!('account' in place) || place.account.kind !== 'web' || !isKey(place.account.secret))
    return place
  const { where, account } = place
  return foundAt(
    where,
    (): FileAccount => ({
      ...account,
      ...keyAccount(account.secret, account.baseUrl),
      ...{ name: account.name, enabled: account.enabled, tags: account.tags, note: account.note },
      leftOut: account.leftOut,
    }),
  )
}
