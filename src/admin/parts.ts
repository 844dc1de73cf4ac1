import type { Config } from '../config'
import type { Vault } from '../crypto'
import type { ApiError } from '../errors'
import type { Ground } from '../ground'
import type { HouseKey } from '../http/house-key'
import type { JobsRunner } from '../jobs/runner'
import type { Log } from '../log'
import type { Kind } from '../pool/account'
import type { Catalog } from '../pool/catalog'
import type { Pool } from '../pool/pool'
import type { DatabaseInspection } from '../store/inspection'
import type { Settings } from '../store/settings'
import type { Stores } from '../store/stores'
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
  readonly log: Log
  readonly now: () => number
  readonly newId: () => string
  readonly later: (work: Promise<unknown>) => void
  readonly handlers: AdminHandlers
  readonly audit: Audit
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
  /** Says in the log that a request was refused, or failed. */
  readonly onFailure: (failure: ApiError, error: unknown, request: Request) => void
  /** Whether calls can go through a proxy here. */
  readonly canProxy: boolean
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
