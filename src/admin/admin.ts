import { Elysia } from 'elysia'
import { createAccountActions } from './accounts/actions'
import { accountChangesApi } from './accounts/api-changes'
import { accountLists } from './accounts/api-lists'
import { accountsBulkApi } from './accounts/api-many'
import { accountRoutes } from './accounts/pages'
import { redirect } from './answers'
import { assetRoutes } from './assets'
import { batchesApi } from './batches/api'
import { overviewRoutes } from './overview/routes'
import type { AdminParts } from './parts'
import { playgroundRoutes } from './playground/routes'
import { sessionRoutes } from './sessions/routes'
import { welcomeRoutes } from './setup/welcome-routes'

/** Everything below `/admin`. */
export function adminRoutes(parts: AdminParts) {
  const actions = createAccountActions(parts)
  return new Elysia()
    .use(assetRoutes())
    .use(sessionRoutes(parts))
    .use(overviewRoutes(parts))
    .use(accountRoutes(parts))
    .use(accountLists(parts))
    .use(accountChangesApi(parts, actions))
    .use(accountsBulkApi(parts, actions))
    .use(batchesApi(parts))
    .use(playgroundRoutes(parts))
    .use(welcomeRoutes(parts, actions))
    .get('/', () => redirect('/admin', { isPartial: false }), HIDDEN)
    .get('/login', () => redirect('/admin/login', { isPartial: false }), HIDDEN)
    .get('/manage', () => redirect('/admin', { isPartial: false }), HIDDEN)
}

const HIDDEN = { detail: { hide: true } } as const
