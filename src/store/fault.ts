/**
 * What a failed call says of its database: it does not answer (`away`), has too much to do to look at the call
 * (`crowded`), is locked by somebody else (`busy`), takes no writes (`blocked`), lets us not in (`barred`), or
 * has looked at the call and says no (`said`).
 */
export type DatabaseFault = 'away' | 'crowded' | 'busy' | 'blocked' | 'barred' | 'said'

/** What SQLite and libSQL servers call the rest; any other code of theirs is a word on the call. */
const CODES: readonly (readonly [RegExp, DatabaseFault])[] = [
  [/^SQLITE_(?:BUSY|LOCKED)/, 'busy'],
  // `BLOCKED` is the answer of a server whose owner, or whose plan, allows no writes.
  [/^(?:BLOCKED$|SQLITE_READONLY|SQLITE_FULL)/, 'blocked'],
  [/^SQLITE_(?:CANTOPEN|IOERR|NOTADB|CORRUPT)/, 'away'],
  [/^(?:SQLITE_|SQL_|ARGS_|RESPONSE_|TRANSACTION_|STREAM_)/, 'said'],
]

/** How a call went wrong. What nobody knows came from the way to the database. */
export function faultOf(cause: unknown): DatabaseFault {
  if (!(cause instanceof Error)) return 'away'
  if ('status' in cause && typeof cause.status === 'number') return ofStatus(cause.status)
  const code = 'code' in cause ? String(cause.code) : ''
  const known = CODES.find(([pattern]) => pattern.test(code))
  return known?.[1] ?? (cause.cause instanceof Error ? faultOf(cause.cause) : 'away')
}

function ofStatus(status: number): DatabaseFault {
  if (status === 429) return 'crowded'
  if (status === 401 || status === 403) return 'barred'
  return status >= 500 ? 'away' : 'said'
}

/** Whether something failed because the database cannot be asked, or written to, just now. */
export const isOutage = (cause: unknown): cause is Error => isOfDatabase(cause) && !isWord(cause)

const isWord = (cause: unknown): boolean => faultOf(cause) === 'said'

/** Whether an error came from a database at all: elsewhere what nobody knows is a mistake of ours. */
function isOfDatabase(cause: unknown): boolean {
  if (!(cause instanceof Error)) return false
  if (cause instanceof DatabaseAway || DRIVERS.has(cause.name)) return true
  return isOfDatabase(cause.cause)
}

const DRIVERS = new Set([
  'LibsqlError',
  'LibsqlBatchError',
  'SQLiteError',
  'HttpServerError',
  'DatabaseAway',
])

/** What a call of a database ends with that gave no answer. */
export class DatabaseAway extends Error {
  override readonly name = 'DatabaseAway'
}
