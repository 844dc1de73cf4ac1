import type { Accounts, StoredAccount } from './accounts'
import type { Aliases, Route } from './aliases'
import type { Key, Keys } from './keys'
import type { Price, Prices } from './prices'
import type { Settings, SettingsStore } from './settings'

/** What every turn needs to know of the database, in memory. */
export interface Snapshot {
  readonly revision: number
  readonly keys: ReadonlyMap<string, Key>
  readonly accounts: readonly StoredAccount[]
  readonly settings: Settings
  /** Where the turns of each alias go. */
  readonly routes: ReadonlyMap<string, Route>
  readonly prices: ReadonlyMap<string, Price>
}

interface SnapshotParts {
  readonly keys: Keys
  readonly accounts: Accounts
  readonly settings: SettingsStore
  readonly aliases: Aliases
  readonly prices: Prices
  readonly revision: () => Promise<number>
  readonly now: () => number
  /** Called with each new snapshot, before anyone else sees it. */
  readonly onChange: (snapshot: Snapshot) => void | Promise<void>
  /** Called when the database could not be asked and the last snapshot stays in force. */
  readonly onFault: (cause: unknown) => void
  readonly later: (work: Promise<unknown>) => void
}

/** How old a snapshot may be before the revision is asked for in the background, or first. */
const FRESH_MS = 2_000
const USABLE_MS = 10_000

/**
 * Keeps the snapshot true to the database: it is loaded again when the revision moves, and outlives
 * a database that does not answer.
 *
 * Values are shared between requests, promises are not: on Workers a promise of another request
 * never resolves.
 */
export function createSnapshots(parts: SnapshotParts) {
  let current: Snapshot | undefined
  let checkedAt = Number.NEGATIVE_INFINITY

  async function load(revision: number): Promise<Snapshot> {
    const [keys, accounts, settings, routes, prices] = await Promise.all([
      parts.keys.byHash(),
      parts.accounts.list(),
      parts.settings.all(),
      parts.aliases.routes(),
      parts.prices.all(),
    ])
    const loaded = { revision, keys, accounts, settings, routes, prices }
    await parts.onChange(loaded)
    current = loaded
    return loaded
  }

  async function refresh(): Promise<void> {
    checkedAt = parts.now()
    try {
      const revision = await parts.revision()
      if (revision !== current?.revision) await load(revision)
    } catch (cause) {
      parts.onFault(cause)
    }
  }

  return {
    /** Look at the database now. The first call must succeed; later ones keep what there is. */
    async refresh(): Promise<Snapshot> {
      if (current) await refresh()
      else {
        checkedAt = parts.now()
        return load(await parts.revision())
      }
      return current
    },

    /** The snapshot to decide by: at once while it is fresh enough. */
    get(): Snapshot | Promise<Snapshot> {
      const age = parts.now() - checkedAt
      if (!current || age > USABLE_MS) return this.refresh()
      if (age > FRESH_MS) parts.later(refresh())
      return current
    },
  }
}

export type Snapshots = ReturnType<typeof createSnapshots>
