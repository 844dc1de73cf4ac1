import { type AnyElysia, Elysia } from 'elysia'
import { accessApi } from './access/api'
import { accessRoutes } from './access/routes'
import { createAccess } from './access/service'
import { createAccountActions } from './accounts/actions'
import { accountChangesApi } from './accounts/api-changes'
import { accountLists } from './accounts/api-lists'
import { accountsBulkApi } from './accounts/api-many'
import { accountRoutes } from './accounts/pages'
import { redirect } from './answers'
import { assetRoutes } from './assets'
import { auditApi } from './audit-log/api'
import { auditRoutes } from './audit-log/routes'
import { createAuditLog } from './audit-log/service'
import { batchesApi } from './batches/api'
import { keyApi } from './keys/api'
import { keyRoutes } from './keys/routes'
import { createKeyService } from './keys/service'
import { mediaApi } from './media/api'
import { mediaPageRoutes } from './media/routes'
import { createAliasService } from './models/aliases'
import { modelApi } from './models/api'
import { createModelCatalog } from './models/catalog'
import { createPriceService } from './models/prices'
import { modelRoutes } from './models/routes'
import { overviewApi } from './overview/api'
import { overviewRoutes } from './overview/routes'
import { createOverview } from './overview/service'
import type { AdminParts } from './parts'
import { playgroundRoutes } from './playground/routes'
import { requestsApi } from './requests/api'
import { requestRoutes } from './requests/routes'
import { createRequests } from './requests/service'
import { sessionRoutes } from './sessions/routes'
import { settingsApi } from './settings/api'
import { settingsRoutes } from './settings/routes'
import { createSettingsService } from './settings/service'
import { welcomeRoutes } from './setup/welcome-routes'
import { systemApi } from './system/api'
import { systemRoutes } from './system/routes'
import { createSystemServices } from './system/services'

/** Everything below `/admin`. */
export function adminRoutes(parts: AdminParts): AnyElysia {
  const access = createAccess(parts)
  const auditLog = createAuditLog(parts.stores.audit)
  const requests = createRequests(parts)
  const keys = createKeyService(parts)
  const known = {
    models: createModelCatalog(parts),
    aliases: createAliasService(parts),
    prices: createPriceService(parts),
  }
  const actions = createAccountActions(parts)
  const overview = createOverview(parts)
  const settings = createSettingsService(parts)
  const system = createSystemServices(parts)
  const routes: readonly AnyElysia[] = [
    assetRoutes(),
    sessionRoutes(parts),
    accessRoutes(parts, access),
    accessApi(parts, access),
    auditRoutes(parts, auditLog),
    auditApi(parts, auditLog),
    overviewRoutes(parts, overview),
    overviewApi(parts, overview),
    accountRoutes(parts),
    accountLists(parts),
    accountChangesApi(parts, actions),
    accountsBulkApi(parts, actions),
    batchesApi(parts),
    keyApi(parts, keys),
    keyRoutes(parts, keys),
    modelApi(parts, known),
    modelRoutes(parts, known),
    mediaPageRoutes(parts),
    mediaApi(parts),
    playgroundRoutes(parts),
    settingsRoutes(parts, settings),
    settingsApi(parts, settings),
    systemRoutes(parts, system),
    systemApi(parts, system),
    requestRoutes(parts, requests),
    requestsApi(parts, requests),
    welcomeRoutes(parts, actions, keys),
  ]
  return new Elysia()
    .use([...routes])
    .get('/', () => redirect('/admin', { isPartial: false }), HIDDEN)
    .get('/login', () => redirect('/admin/login', { isPartial: false }), HIDDEN)
    .get('/manage', () => redirect('/admin', { isPartial: false }), HIDDEN)
}

const HIDDEN = { detail: { hide: true } } as const
