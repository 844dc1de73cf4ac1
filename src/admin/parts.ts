import type { Config } from '../config'
import type { Vault } from '../crypto'
import type { ApiError } from '../errors'
import type { Ground } from '../ground'
import type { HouseKey } from '../http/house-key'
import type { Batches } from '../jobs/batches'
import type { JobsRunner } from '../jobs/runner'
import type { LedgerQueue } from '../ledger/queue'
import type { Log } from '../log'
import type { Links } from '../media/links'
import type { ObjectStore } from '../media/object-store'
import type { AccountLookup } from '../operator/account-lookup'
import type { Asking } from '../operator/asking'
import type { Kind } from '../pool/account'
import type { Catalog } from '../pool/catalog'
import type { Pool } from '../pool/pool'
import type { DatabaseInspection } from '../store/inspection'
import type { Key } from '../store/keys'
import type { Settings } from '../store/settings'
import type { Snapshot } from '../store/snapshot'
import type { Stores } from '../store/stores'
import type { DatabaseWatch } from '../store/watch'
import type { Upstream } from '../upstream/upstream'
import type { AddressOf } from './addresses'
import type { Audit } from './audit'
import type { OwnCookies } from './cookies'
import type { Guard } from './guard'
import type { AdminHandlers } from './handlers'
import type { Operator } from './operator'
import type { Passwords } from './passwords'
import type { LogIns } from './sessions/log-ins'
import type { Sites } from './sites'
import type { View } from './view'

/** What the admin page is made from: every folder of it takes what it needs of this. */
export interface AdminParts {
  readonly config: Config
  readonly stores: Stores
  readonly vault: Vault
  readonly settings: () => Settings
  readonly pool: Pool
  readonly catalog: Catalog
  readonly upstreams: Readonly<Record<Kind, Upstream>>
  readonly jobs: JobsRunner
  /** Where the bytes of pictures, videos and files are, and what their addresses are. */
  readonly objects: ObjectStore
  readonly links: Links
  /** What every turn knows of the database; undefined before it was read for the first time. */
  readonly snapshot: () => Snapshot | undefined
  /** Turns that are not written yet, and those that never will be but in the sums. */
  readonly ledger: Pick<LedgerQueue, 'waiting' | 'dropped'>
  /** How the database is, as those find who ask it. */
  readonly database: DatabaseWatch
  readonly batches: Batches
  /** Whether calls can go through a proxy here: not on Workers. */
  readonly canProxy: boolean
  /** Accounts by their ids, as upstreams are asked with them. */
  readonly accountLookup: AccountLookup
  /** What accounts are asked through, outside of turns. */
  readonly asking: (signal?: AbortSignal) => Asking
  readonly log: Log
  readonly now: () => number
  readonly newId: () => string
  readonly later: (work: Promise<unknown>) => void
  readonly handlers: AdminHandlers
  readonly audit: Audit
  /** The key that the environment sets, by its hash; empty where it sets none. */
  readonly environmentKey: ReadonlyMap<string, Key>
  readonly viewOf: (request: Request, operator?: Operator) => View
  readonly passwords: Passwords
  /** Lets an operator in, as the log-in does and the set-up at its end. */
  readonly logIns: LogIns
  readonly cookies: OwnCookies
  /** Tells requests of our own pages from those of other sites. */
  readonly sites: Sites
  readonly guard: Guard
  /** From where a request comes, where that can be known. */
  readonly addressOf: AddressOf
  /** Says in the log that the database did not do as it was asked. */
  readonly onFault: (cause: unknown) => void
  /** Says in the log that a request was refused, or failed. */
  readonly onFailure: (failure: ApiError, error: unknown, request: Request) => void
  /** Where it runs, and what of its database is cheap to know. */
  readonly ground: Ground
  readonly inspection: DatabaseInspection
  /** The name of this instance. */
  readonly instance: () => string
  /** With which the gateway's own pages ask. */
  readonly houseKey: HouseKey
  /** Answers a request as the gateway itself would. */
  readonly serve: (request: Request) => Response | Promise<Response>
  /** Read again what was changed, so that this instance knows at once. */
  readonly refresh: () => Promise<void>
}
