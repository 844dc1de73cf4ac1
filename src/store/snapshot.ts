import { ApiError } from '../errors'
import { atMost, within } from '../sleep'
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
  /** The same for what accounts depend on. */
  readonly accountRevision: () => Promise<number>
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
/** How long a turn waits for the database before it goes by an older snapshot, or is refused without any. */
const PATIENCE_MS = 1_000
const FIRST_PATIENCE_MS = 5_000
/** A look that has not ended after that never will: a Worker may be stopped within it. */
const LONGEST_LOOK_MS = 60_000

/**
 * Keeps the snapshot true to the database: it is loaded again when the revision moves, and outlives
 * a database that does not answer.
 *
 * Values are shared between requests, promises are not: on Workers a promise of another request
 * never resolves.
 */
export function createSnapshots(parts: SnapshotParts) {
  const { now, later } = parts
  let current: Snapshot | undefined
  /** When the database was looked at last, and when it last said that the snapshot is true. */
  let lookedAt = Number.NEGATIVE_INFINITY
  let confirmedAt = Number.NEGATIVE_INFINITY
  /** Since when a look is under way that nobody has heard of. */
  let unheardSince: number | undefined
  /** Whether the last look brought nothing: then nobody waits for the next one. */
  let isAway = false

  /** As which the accounts of the snapshot were read. */
  let accountsAs: number | undefined

  async function load(revision: number): Promise<Snapshot> {
    const known = current
    // Asked first: what changes meanwhile moves the revision again.
    const accountRevision = await parts.accountRevision()
    const isKnown = known !== undefined && accountsAs === accountRevision
    const [keys, accounts, settings, routes, prices] = await Promise.all([
      parts.keys.byHash(),
      isKnown ? known.accounts : parts.accounts.list(),
      parts.settings.all(),
      parts.aliases.routes(),
      parts.prices.all(),
    ])
    const loaded = { revision, keys, accounts, settings, routes, prices }
    await parts.onChange(loaded)
    current = loaded
    accountsAs = accountRevision
    return loaded
  }

  async function look(): Promise<Snapshot> {
    const at = now()
    lookedAt = at
    unheardSince ??= at
    try {
      const revision = await parts.revision()
      const known = current
      const found = known && revision === known.revision ? known : await load(revision)
      confirmedAt = Math.max(confirmedAt, at)
      isAway = false
      return found
    } catch (cause) {
      isAway = true
      throw cause
    } finally {
      unheardSince = undefined
    }
  }

  const refresh = (): Promise<unknown> => look().catch(parts.onFault)

  const isUnheard = (at: number, ms: number): boolean =>
    unheardSince !== undefined && at - unheardSince > ms && at - unheardSince < LONGEST_LOOK_MS

  /** Look in the background, unless somebody has done so a moment ago, or is at it. */
  function lookSoon(at: number): void {
    if (at - lookedAt > FRESH_MS && !isUnheard(at, PATIENCE_MS)) later(refresh())
  }

  /** A snapshot that nobody has asked for in a while: it may be long out of date. */
  async function awaited(old: Snapshot): Promise<Snapshot> {
    const looking = refresh()
    later(looking)
    await atMost(PATIENCE_MS, looking)
    if (isUnheard(now(), PATIENCE_MS / 2)) isAway = true
    return current ?? old
  }

  async function first(): Promise<Snapshot> {
    try {
      return await within(FIRST_PATIENCE_MS, look())
    } catch (cause) {
      parts.onFault(cause)
      throw new ApiError('not_ready', 'Groxy is starting: its database does not answer yet.', {
        cause,
        retryAfter: 1,
      })
    }
  }

  return {
    /** Look at the database now. The first call must succeed; later ones keep what there is. */
    async refresh(): Promise<Snapshot> {
      if (!current) return look()
      await refresh()
      return current
    },

    /** Begin with what was known at a time; the first answer of the database takes its place. */
    async begin(kept: Snapshot, at: number): Promise<void> {
      const begun = { ...kept, revision: Number.NaN }
      await parts.onChange(begun)
      current = begun
      accountsAs = undefined
      // The clock may have been set back since.
      confirmedAt = Math.min(at, now())
      isAway = true
    },

    /**
     * The snapshot to decide by: at once while it is fresh enough, or the database is known to be away;
     * else within a second.
     *
     * @throws ApiError `not_ready` as long as there is none
     */
    get(): Snapshot | Promise<Snapshot> {
      if (!current) return first()
      const at = now()
      const age = at - confirmedAt
      if (age > USABLE_MS && !isAway && !isUnheard(at, PATIENCE_MS)) return awaited(current)
      if (age > FRESH_MS) lookSoon(at)
      return current
    },

    /** What there is, whatever its age. */
    current: (): Snapshot | undefined => current,

    /** How long ago the database last said that the snapshot is true, in milliseconds. */
    age: (): number => now() - confirmedAt,
  }
}

export type Snapshots = ReturnType<typeof createSnapshots>
