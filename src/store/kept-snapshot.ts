import { getTableColumns, type Table } from 'drizzle-orm'
import type { Vault } from '../crypto'
import type { AccountQuota } from './account-quotas'
import type { AccountState } from './account-states'
import type { ModelList } from './model-lists'
import { accounts, keys, modelLists } from './schema'
import { DEFAULT_SETTINGS } from './settings'
import type { Snapshot } from './snapshot'

/** What turns need of a database, to be kept beside an instance in case that the database is away. */
export interface Kept {
  /** When it was taken, in milliseconds since 1970. */
  readonly at: number
  readonly snapshot: Snapshot
  readonly lists: Iterable<ModelList>
  readonly states: Iterable<AccountState>
  readonly quotas: Iterable<AccountQuota>
}

/** A form that another version of Groxy wrote is not read. */
const VERSION = 1
/** Rows of one line: what is sealed or opened at once holds up nobody. */
const ROWS = 200

/** One line, when it is opened. Its place is in it, so that lines are neither left out nor mixed. */
interface Line {
  readonly copy: string
  readonly number: number
  readonly part: string
  readonly rows: readonly unknown[]
}

interface Head {
  readonly version: number
  readonly at: number
  readonly database: string
}

/**
 * What is kept, as lines that are sealed each for itself and belong together.
 *
 * @param copy a name that no other copy has
 * @param database what tells this database from others
 */
export async function* sealKept(
  { at, snapshot, lists, states, quotas }: Kept,
  {
    vault,
    copy,
    database,
  }: { readonly vault: Vault; readonly copy: string; readonly database: string },
): AsyncGenerator<string> {
  let number = 0
  const seal = (part: string, rows: readonly unknown[]) =>
    vault.seal(JSON.stringify({ copy, number: number++, part, rows } satisfies Line))
  const head: Head = { version: VERSION, at, database }
  yield await seal('head', [head])
  yield await seal('settings', [snapshot.settings])
  const parts: readonly (readonly [string, Iterable<unknown>])[] = [
    ['keys', snapshot.keys],
    ['accounts', snapshot.accounts],
    ['routes', snapshot.routes],
    ['prices', snapshot.prices],
    ['lists', lists],
    ['states', states],
    ['quotas', quotas],
  ]
  for (const [part, rows] of parts) for (const some of inParts(rows)) yield await seal(part, some)
  yield await seal('end', [])
}

function* inParts(rows: Iterable<unknown>): Generator<unknown[]> {
  let some: unknown[] = []
  for (const row of rows) {
    some.push(row)
    if (some.length < ROWS) continue
    yield some
    some = []
  }
  if (some.length > 0) yield some
}

/**
 * Open what was kept.
 *
 * @throws Error that says why it cannot be used
 */
export async function openKept(
  lines: Iterable<string> | AsyncIterable<string>,
  { vault, database }: { readonly vault: Vault; readonly database: string },
): Promise<Kept> {
  const parts = new Map<string, unknown[]>()
  let [copy, number, last]: [string | undefined, number, string] = [undefined, 0, '']
  for await (const line of lines) {
    const text = await vault.open(line).catch((cause) => {
      // Of a file of ours a part may be lost, or no part of it be good with this secret.
      throw number > 0 ? damaged() : unreadable(cause)
    })
    const opened = JSON.parse(text) as Line
    copy ??= opened.copy
    if (opened.copy !== copy || opened.number !== number++ || last === 'end') throw damaged()
    last = opened.part
    const known = parts.get(last)
    if (known) for (const row of opened.rows) known.push(row)
    else parts.set(last, [...opened.rows])
  }
  const [head] = (parts.get('head') ?? []) as Head[]
  if (!head || last !== 'end') throw damaged()
  if (head.version !== VERSION) throw new Error('It was written by another version of Groxy.')
  if (head.database !== database) throw new Error('It is of another database.')
  const rows = <T>(part: string) => (parts.get(part) ?? []) as T[]
  const [settings] = rows<Snapshot['settings']>('settings')
  return {
    at: head.at,
    snapshot: {
      revision: 0,
      settings: { ...DEFAULT_SETTINGS, ...settings },
      keys: new Map(
        rows<[string, Dated]>('keys').map(([hash, key]) => [hash, revived(keys, key) as never]),
      ),
      accounts: rows<Dated>('accounts').map((row) => revived(accounts, row) as never),
      routes: new Map(rows('routes')),
      prices: new Map(rows('prices')),
    },
    lists: rows<Dated>('lists').map((row) => revived(modelLists, row) as never),
    states: rows('states'),
    quotas: rows('quotas'),
  }
}

const damaged = () => new Error('It is damaged, or not whole.')

const unreadable = (cause: unknown) =>
  new Error('It was sealed with another secret, or is no snapshot.', { cause })

type Dated = Record<string, unknown>

/** JSON has no dates. */
function revived(table: Table, row: Dated): Dated {
  for (const [name, { dataType }] of Object.entries(getTableColumns(table))) {
    const value = row[name]
    if (dataType === 'date' && typeof value === 'string') row[name] = new Date(value)
  }
  return row
}
