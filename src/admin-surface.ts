import { adminRoutes } from './admin/admin'
import { createAudit } from './admin/audit'
import { createGuard } from './admin/guard'
import { createAdminHandlers } from './admin/handlers'
import type { AdminParts } from './admin/parts'
import { PASSWORD_MARK, setupRoutes } from './admin/setup'
import { createViews } from './admin/view'
import { newId, sameText, type Vault } from './crypto'
import type { ApiError } from './errors'
import type { HouseKey } from './http/house-key'
import { createOrigin } from './http/origin'
import type { JobsRunner } from './jobs/runner'
import type { Links } from './media/links'
import { readNetworks } from './networks'
import { hashPassword, isPassword } from './password'
import type { Platform } from './platform'
import type { Catalog } from './pool/catalog'
import type { Pool } from './pool/pool'
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
  readonly links: Links
  readonly houseKey: HouseKey
  readonly serve: (request: Request) => Response | Promise<Response>
  readonly refresh: () => Promise<void>
  readonly onFailure: (failure: ApiError, error: unknown, request: Request) => void
}

/** Everything below `/admin`, and the set-up that leads there. */
export function createAdminSurface(parts: AdminSurfaceParts) {
  const { platform, stores, settings, onFailure } = parts
  const { config, now, later, log, objects } = platform
  const originOf = createOrigin({
    baseUrl: () => settings().base_url,
    isTrusted: readNetworks(config.TRUSTED_PROXIES),
  })
  const viewOf = createViews({ originOf, now, zoneMinutes: () => settings().time_zone_minutes })
  const guard = createGuard({ sessions: stores.adminSessions, now, later })
  const handlers = createAdminHandlers({ guard, viewOf, onFailure })

  async function checkPassword(password: string): Promise<boolean> {
    if (config.ADMIN_PASSWORD) return sameText(password, config.ADMIN_PASSWORD)
    const stored = await stores.settings.mark(PASSWORD_MARK)
    return stored !== undefined && isPassword(password, String(stored))
  }

  const own: AdminParts = {
    ...parts,
    ...{ config, now, later, log, objects, newId, handlers, viewOf, checkPassword },
    audit: createAudit(stores.audit),
  }
  const setup = setupRoutes({
    token: config.ADMIN_PASSWORD ? undefined : platform.setup?.token,
    hashPassword,
    settings: stores.settings,
    accounts: stores.accounts,
    xaiBaseUrl: config.XAI_BASE_URL,
  })
  return {
    routes: adminRoutes(own).use(setup),
    /** Whether the operator still has to choose a password. */
    needsSetup: async (): Promise<boolean> =>
      !config.ADMIN_PASSWORD && !(await stores.settings.mark(PASSWORD_MARK)),
  }
}
