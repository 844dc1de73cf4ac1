import { Elysia } from 'elysia'
import { redirect } from './answers'
import { assetRoutes } from './assets'
import { overviewRoutes } from './overview/routes'
import type { AdminParts } from './parts'
import { playgroundRoutes } from './playground/routes'
import { sessionRoutes } from './sessions/routes'
import { settingsApi } from './settings/api'
import { settingsRoutes } from './settings/routes'
import { createSettingsService } from './settings/service'
import { systemApi } from './system/api'
import { systemRoutes } from './system/routes'
import { createSystemServices } from './system/services'

/** Everything below `/admin`. */
export function adminRoutes(parts: AdminParts) {
  const settings = createSettingsService(parts)
  const system = createSystemServices(parts)
  return new Elysia()
    .use(assetRoutes())
    .use(sessionRoutes(parts))
    .use(overviewRoutes(parts))
    .use(playgroundRoutes(parts))
    .use(settingsRoutes(parts, settings))
    .use(settingsApi(parts, settings))
    .use(systemRoutes(parts, system))
    .use(systemApi(parts, system))
    .get('/', () => redirect('/admin', { isPartial: false }), HIDDEN)
    .get('/login', () => redirect('/admin/login', { isPartial: false }), HIDDEN)
    .get('/manage', () => redirect('/admin', { isPartial: false }), HIDDEN)
}

const HIDDEN = { detail: { hide: true } } as const
