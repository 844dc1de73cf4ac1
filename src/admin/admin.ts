import { Elysia } from 'elysia'
import { redirect } from './answers'
import { assetRoutes } from './assets'
import { overviewRoutes } from './overview/routes'
import type { AdminParts } from './parts'
import { playgroundRoutes } from './playground/routes'
import { requestsApi } from './requests/api'
import { requestRoutes } from './requests/routes'
import { createRequests } from './requests/service'
import { sessionRoutes } from './sessions/routes'

/** Everything below `/admin`. */
export function adminRoutes(parts: AdminParts) {
  const requests = createRequests(parts)
  return new Elysia()
    .use(assetRoutes())
    .use(sessionRoutes(parts))
    .use(overviewRoutes(parts))
    .use(playgroundRoutes(parts))
    .use(requestRoutes(parts, requests))
    .use(requestsApi(parts, requests))
    .get('/', () => redirect('/admin', { isPartial: false }), HIDDEN)
    .get('/login', () => redirect('/admin/login', { isPartial: false }), HIDDEN)
    .get('/manage', () => redirect('/admin', { isPartial: false }), HIDDEN)
}

const HIDDEN = { detail: { hide: true } } as const
