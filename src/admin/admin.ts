import { Elysia } from 'elysia'
import { redirect } from './answers'
import { assetRoutes } from './assets'
import { keyApi } from './keys/api'
import { keyRoutes } from './keys/routes'
import { createKeyService } from './keys/service'
import { createAliasService } from './models/aliases'
import { modelApi } from './models/api'
import { createModelCatalog } from './models/catalog'
import { createPriceService } from './models/prices'
import { modelRoutes } from './models/routes'
import { overviewRoutes } from './overview/routes'
import type { AdminParts } from './parts'
import { playgroundRoutes } from './playground/routes'
import { sessionRoutes } from './sessions/routes'

/** Everything below `/admin`. */
export function adminRoutes(parts: AdminParts) {
  const keys = createKeyService(parts)
  const known = {
    models: createModelCatalog(parts),
    aliases: createAliasService(parts),
    prices: createPriceService(parts),
  }
  return new Elysia()
    .use(assetRoutes())
    .use(sessionRoutes(parts))
    .use(overviewRoutes(parts))
    .use(keyApi(parts, keys))
    .use(keyRoutes(parts, keys))
    .use(modelApi(parts, known))
    .use(modelRoutes(parts, known))
    .use(playgroundRoutes(parts))
    .get('/', () => redirect('/admin', { isPartial: false }), HIDDEN)
    .get('/login', () => redirect('/admin/login', { isPartial: false }), HIDDEN)
    .get('/manage', () => redirect('/admin', { isPartial: false }), HIDDEN)
}

const HIDDEN = { detail: { hide: true } } as const
