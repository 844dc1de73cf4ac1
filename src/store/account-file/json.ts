import { SetupError } from '../../errors'
import { isObject, type Json } from '../../json-value'
import type { Tier } from '../schema'
import { readText, readTier } from './account'
import type { Found } from './found'
import { isTokenColumn, readRecord } from './record'

/** What programs wrap their accounts in. */
const WRAPPERS = ['accounts', 'tokens', 'items', 'data']

/**
 * The accounts of a JSON value, each with its path: lists, pools such as `{"ssoSuper":[…]}` and
 * `{"sso":{"TOKEN":{…}}}`, what wraps them, or a single account.
 */
export function* jsonAccounts(value: unknown, path = ''): Generator<Found> {
  if (Array.isArray(value)) return yield* list(value, path)
  if (!isObject(value)) return yield read(path, value)
  if (isAccount(value)) return yield read(path, value)
  for (const [key, inner] of Object.entries(value)) {
    // Anything else is a word of the program's about itself, such as `"success": true`.
    if (typeof inner !== 'object' || inner === null) continue
    const name = shown(key)
    const at = path ? `${path}.${name}` : name
    const tier = readTier(key)
    if (tier && Array.isArray(inner)) yield* list(inner, at, tier)
    else if (tier && isObject(inner)) yield* byToken(inner, at, tier)
    else if (WRAPPERS.includes(key) && path.length < LONGEST_PATH) yield* jsonAccounts(inner, at)
    else yield { where: at, problem: `"${name}" is no pool that Groxy knows.` }
  }
}

const LONGEST_PATH = 40

/** Of a name that nobody expected only the beginning: it may be a token. */
function shown(key: string): string {
  const name = readText(key, 40)
  return name.length <= 16 ? name : `${name.slice(0, 8)}…`
}

/** A token of its own, or a record, whichever stands there. */
export const jsonAccount = (where: string, value: unknown): Found => read(where, value)

function* list(values: readonly unknown[], path: string, tier?: Tier): Generator<Found> {
  for (const [index, value] of values.entries()) yield read(`${path}[${index}]`, value, tier)
}

function* byToken(pool: Json, path: string, tier: Tier): Generator<Found> {
  let index = 0
  for (const [token, value] of Object.entries(pool)) {
    const record = isObject(value) ? value : {}
    yield read(`${path}[${index++}]`, { ...record, token }, tier)
  }
}

function read(path: string, value: unknown, tier?: Tier): Found {
  const where = path || 'line 1'
  const record = typeof value === 'string' ? { token: value } : value
  if (!isObject(record)) return { where, problem: 'That is neither a session nor a record of one.' }
  try {
    return { where, account: readRecord(record, tier) }
  } catch (cause) {
    if (!(cause instanceof SetupError)) throw cause
    return { where, problem: cause.message }
  }
}

/** A pool of tokens has objects where an account has texts. */
const isAccount = (value: Json): boolean =>
  Object.entries(value).some(([key, field]) => typeof field === 'string' && isTokenColumn(key))
