import { Elysia } from 'elysia'
import { createAddresses } from './admin/addresses'
import { adminRoutes } from './admin/admin'
import { createAudit } from './admin/audit'
import { createOwnCookies } from './admin/cookies'
import { createAdminEnvelope } from './admin/envelope'
import { createGuard } from './admin/guard'
import { createAdminHandlers } from './admin/handlers'
import type { AdminParts } from './admin/parts'
import type { Passwords } from './admin/passwords'
import { createLogIns } from './admin/sessions/log-ins'
import { linkRoutes } from './admin/setup/link-routes'
import type { LinkToken } from './admin/setup/link-token'
import { createSites } from './admin/sites'
import { createViews } from './admin/view'
import { newId, type Vault } from './crypto'
import type { ApiError } from './errors'
import { failures } from './http/failures'
import type { HouseKey } from './http/house-key'
import { createOrigin } from './http/origin'
import type { Batches } from './jobs/batches'
import type { JobsRunner } from './jobs/runner'
import type { LedgerQueue } from './ledger/queue'
import type { Links } from './media/links'
import { readNetworks } from './networks'
import type { AccountLookup } from './operator/account-lookup'
import type { Asking } from './operator/asking'
import type { Platform } from './platform'
import type { Catalog } from './pool/catalog'
import type { Pool } from './pool/pool'
import { createInspection } from './store/inspection'
import type { Settings } from './store/settings'
import type { Snapshot } from './store/snapshot'
import type { Stores } from './store/stores'
import type { DatabaseWatch } from './store/watch'
import type { Upstreams } from './upstreams'

export interface AdminSurfaceParts {
  readonly platform: Platform
  readonly vault: Vault
  readonly stores: Stores
  readonly settings: () => Settings
  readonly pool: Pool
  readonly catalog: Catalog
  readonly upstreams: Upstreams
  readonly jobs: JobsRunner
  readonly links: Links
  readonly snapshot: () => Snapshot | undefined
  readonly ledger: LedgerQueue
  readonly database: DatabaseWatch
  readonly houseKey: HouseKey
  /** Names this instance to the others. */
  readonly instance: () => string
  readonly passwords: Passwords
  /** The secret of the set-up link. */
  readonly linkToken: LinkToken
  readonly accountLookup: AccountLookup
  readonly asking: (signal?: AbortSignal) => Asking
  readonly batches: Batches
  readonly serve: (request: Request) => Response | Promise<Response>
  readonly refresh: () => Promise<void>
  /** The database did not do as it was asked. */
  readonly onFault: (cause: unknown) => void
  readonly onFailure: (failure: ApiError, error: unknown, request: Request) => void
}

/** Everything below `/admin`, and the set-up that leads there. */
export function createAdminSurface(parts: AdminSurfaceParts) {
  const { platform, vault, stores, settings, passwords, onFailure } = parts
  const { config, now, later, log, objects, environmentKey } = platform
  const isTrusted = readNetworks(config.TRUSTED_PROXIES)
  const originOf = createOrigin({ baseUrl: () => settings().base_url, isTrusted })
  const sites = createSites({ originOf, askedOf: createOrigin({ baseUrl: () => '', isTrusted }) })
  const cookies = createOwnCookies(sites.isHttps)
  const addressOf = createAddresses({ ofPlatform: platform.addressOf, isTrusted })
  const viewOf = createViews({ originOf, now, zoneMinutes: () => settings().time_zone_minutes })
  const audit = createAudit(stores.audit)
  const guard = createGuard({
    sessions: stores.adminSessions,
    tokens: stores.adminTokens,
    ...{ cookies, addressOf, now, later },
    onFault: parts.onFault,
  })
  const handlers = createAdminHandlers({ guard, sites, viewOf, onFailure })
  const logIns = createLogIns({
    sessions: stores.adminSessions,
    failures: stores.loginFailures,
    ...{ passwords, vault, cookies, addressOf, audit, now },
  })

  const own: AdminParts = {
    ...parts,
    ...{ config, now, later, log, objects, environmentKey, newId, handlers, viewOf, audit },
    ground: platform.ground,
    inspection: createInspection(platform.client, now),
    ...{ logIns, cookies, sites, guard, addressOf },
    canProxy: platform.canProxy,
  }
  const isOffered = platform.offersSetup && !config.ADMIN_PASSWORD
  const routes = adminRoutes(own).use(linkRoutes(own, isOffered ? parts.linkToken : undefined))
  const app = new Elysia(platform.adapter ? { adapter: platform.adapter } : {})
    .use(failures(onFailure))
    .use(routes)
    .compile()
  const guarded = createAdminEnvelope({
    routes: () => routes.routes,
    viewOf,
    session: guard.session,
  })
  return {
    routes,
    /** Answers what is asked below `/admin` and `/setup`, and of paths that lead there. */
    fetch: guarded((request) => app.fetch(request)),
  }
}

export type AdminSurface = ReturnType<typeof createAdminSurface>
