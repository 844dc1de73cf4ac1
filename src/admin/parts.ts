import type { Config } from '../config'
import type { Vault } from '../crypto'
import type { HouseKey } from '../http/house-key'
import type { JobsRunner } from '../jobs/runner'
import type { Log } from '../log'
import type { Links } from '../media/links'
import type { ObjectStore } from '../media/object-store'
import type { Kind } from '../pool/account'
import type { Catalog } from '../pool/catalog'
import type { Pool } from '../pool/pool'
import type { Settings } from '../store/settings'
import type { Stores } from '../store/stores'
import type { Upstream } from '../upstream/upstream'
import type { Audit } from './audit'
import type { AdminHandlers } from './handlers'
import type { Operator } from './operator'
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
  readonly log: Log
  readonly now: () => number
  readonly newId: () => string
  readonly later: (work: Promise<unknown>) => void
  readonly handlers: AdminHandlers
  readonly audit: Audit
  readonly viewOf: (request: Request, operator?: Operator) => View
  readonly checkPassword: (password: string) => Promise<boolean>
  /** With which the gateway's own pages ask. */
  readonly houseKey: HouseKey
  /** Answers a request as the gateway itself would. */
  readonly serve: (request: Request) => Response | Promise<Response>
  /** Read again what was changed, so that this instance knows at once. */
  readonly refresh: () => Promise<void>
}
