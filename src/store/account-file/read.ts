import { SetupError } from '../../errors'
import type { Found, FoundAccount } from './found'
import { jsonAccount, jsonAccounts } from './json'
import { tableAccounts } from './table'

/** An account that stands in the file before: only the first counts. */
export interface FoundAgain {
  readonly where: string
  /** Where it stood first. */
  readonly first: string
}

/** What stands at one place of a file, as far as the places before it are known. */
export type PlaceFound = Found | FoundAgain

/**
 * Read accounts in whatever form they are kept: the JSON of other systems and of our own export, a JSON
 * value a line, a table, or a session a line. What cannot be read is told of, and does not stop the rest.
 *
 * @throws SetupError when the whole is of no form
 */
export const readAccountFile = (text: string): readonly PlaceFound[] => [...accountsIn(text)]

/** The same, one place after the other: a large file takes a while. */
export const accountsIn = (text: string): Iterable<PlaceFound> =>
  onlyOnce(foundIn(text.replace(/^\ufeff/, '').replace(/\r\n?/g, '\n')))

/** The same places, but for accounts that stood at one before. */
export function* onlyOnce(places: Iterable<Found>): Generator<PlaceFound> {
  const seen = new Map<string, string>()
  for (const found of places) {
    if (!('account' in found)) {
      yield found
      continue
    }
    const identity = identityOf(found)
    const first = seen.get(identity)
    if (first === undefined) seen.set(identity, found.where)
    yield first === undefined ? found : { where: found.where, first }
  }
}

function foundIn(text: string): Iterable<Found> {
  const [sign] = text.trimStart()
  if (sign !== '{' && sign !== '[') return tableAccounts(text)
  const whole = parsed(text)
  if (whole) return jsonAccounts(whole.value)
  const lines = text.split('\n')
  const first = lines.find((line) => line.trim() !== '')
  if (first !== undefined && parsed(first)) return lineAccounts(lines)
  throw new SetupError(
    'That begins as JSON does, but is none.',
    'See whether it was cut off, or changed by hand.',
  )
}

function* lineAccounts(lines: readonly string[]): Generator<Found> {
  for (const [index, line] of lines.entries()) {
    const where = `line ${index + 1}`
    if (line.trim() === '') continue
    const value = parsed(line)
    yield value ? jsonAccount(where, value.value) : { where, problem: 'It is no JSON.' }
  }
}

/** What the parser says of a fault may quote a secret. */
function parsed(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) as unknown }
  } catch {
    return
  }
}

/** The same key may be good at several servers; a session is one wherever it is used. */
const identityOf = ({ account: { kind, secret, baseUrl = '' } }: FoundAccount): string =>
  kind === 'web' ? `${kind}\n${secret}` : `${kind}\n${secret}\n${baseUrl}`
