import { createAddresses } from './admin/addresses'
import { adminRoutes } from './admin/admin'
import { createAudit } from './admin/audit'
import { createOwnCookies } from './admin/cookies'
import { createAdminEnvelope } from './admin/envelope'
import { createGuard } from './admin/guard'
import { createAdminHandlers } from './admin/handlers'
import type { AdminParts } from './admin/parts'
import { createPasswords } from './admin/passwords'
import { createLogIns } from './admin/sessions/log-ins'
import { setupRoutes } from './admin/setup'
import { createSites } from './admin/sites'
import { createViews } from './admin/view'
import { newId, type Vault } from './crypto'
import type { ApiError } from './errors'
import type { HouseKey } from './http/house-key'
import { createOrigin } from './http/origin'
import type { JobsRunner } from './jobs/runner'
import { readNetworks } from './networks'
import type { Platform } from './platform'
import type { Catalog } from './pool/catalog'
import type { Pool } from './pool/pool'
import { createInspection } from './store/inspection'
import type { Settings } from './store/settings'
import type { Stores } from './store/stores'
import type { Upstreams } from './upstreams'

interface AdminSurfaceParts {
  readonly platform: Platform
  readonly vault: Vault
  readonly stores: Stores
  readonly settings: () => Settings
  readonly pool: Pool
  readonly catalog: Catalog
  readonly upstreams: Upstreams
  readonly jobs: JobsRunner
  /** The name of this instance. */
  readonly instance: () => string
  readonly houseKey: HouseKey
  readonly serve: (request: Request) => Response | Promise<Response>
  readonly refresh: () => Promise<void>
  /** The database did not do as it was asked. */
  readonly onFault: (cause: unknown) => void
  readonly onFailure: (failure: ApiError, error: unknown, request: Request) => void
}

/** Everything below `/admin`, and the set-up that leads there. */
export function createAdminSurface(parts: AdminSurfaceParts) {
  const { platform, vault, stores, settings, onFailure } = parts
  const { config, now, later, log } = platform
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
  const passwords = createPasswords({
    ofEnvironment: config.ADMIN_PASSWORD,
    settings: stores.settings,
    mostMemory: platform.hashMemory,
    now,
  })
  const logIns = createLogIns({
    sessions: stores.adminSessions,
    failures: stores.loginFailures,
    ...{ passwords, vault, cookies, addressOf, audit, now },
  })

  const own: AdminParts = {
    ...parts,
    ...{ config, now, later, log, newId, handlers, viewOf, audit },
    ground: platform.ground,
    inspection: createInspection(platform.client, now),
    ...{ passwords, logIns, cookies, sites, guard, addressOf, canProxy: platform.canProxy },
  }
  const setup = setupRoutes({
    token: config.ADMIN_PASSWORD ? undefined : platform.setup?.token,
    hashPassword: passwords.hash,
    settings: stores.settings,
    accounts: stores.accounts,
    xaiBaseUrl: config.XAI_BASE_URL,
  })
  const routes = adminRoutes(own).use(setup)
  return {
    routes,
    /** What all answers below these paths have in common. */
    guarded: createAdminEnvelope({ routes: () => routes.routes, viewOf, session: guard.session }),
    /** Whether the operator still has to choose a password. */
    needsSetup: async (): Promise<boolean> => !(await passwords.isSet()),
  }
}
