import { Elysia } from 'elysia'
import { redirect } from './answers'
import { assetRoutes } from './assets'
import { overviewApi } from './overview/api'
import { overviewRoutes } from './overview/routes'
import { createOverview } from './overview/service'
import type { AdminParts } from './parts'
import { playgroundRoutes } from './playground/routes'
import { requestsApi } from './requests/api'
import { requestRoutes } from './requests/routes'
import { createRequests } from './requests/service'
import { sessionRoutes } from './sessions/routes'

/** Everything below `/admin`. */
export function adminRoutes(parts: AdminParts) {
  const requests = createRequests(parts)
  const overview = createOverview(parts)
  return new Elysia()
    .use(assetRoutes())
    .use(sessionRoutes(parts))
    .use(overviewRoutes(parts, overview))
    .use(overviewApi(parts, overview))
    .use(playgroundRoutes(parts))
    .use(requestRoutes(parts, requests))
    .use(requestsApi(parts, requests))
    .get('/', () => redirect('/admin', { isPartial: false }), HIDDEN)
    .get('/login', () => redirect('/admin/login', { isPartial: false }), HIDDEN)
    .get('/manage', () => redirect('/admin', { isPartial: false }), HIDDEN)
}

const HIDDEN = { detail: { hide: true } } as const
