import { Elysia } from 'elysia'
import { accountLists } from './accounts/api-lists'
import { accountRoutes } from './accounts/pages'
import { createAccountActions } from './accounts/actions'
import { redirect } from './answers'
import { assetRoutes } from './assets'
import { overviewRoutes } from './overview/routes'
import type { AdminParts } from './parts'
import { playgroundRoutes } from './playground/routes'
import { sessionRoutes } from './sessions/routes'
import { welcomeRoutes } from './setup/welcome-routes'

/** Everything below `/admin`. */
export const adminRoutes = (parts: AdminParts) =>
  new Elysia()
    .use(assetRoutes())
    .use(sessionRoutes(parts))
    .use(overviewRoutes(parts))
    .use(accountRoutes(parts))
    .use(accountLists(parts))
    .use(playgroundRoutes(parts))
    .use(welcomeRoutes(parts, createAccountActions(parts)))
    .get('/', () => redirect('/admin', { isPartial: false }), HIDDEN)
    .get('/login', () => redirect('/admin/login', { isPartial: false }), HIDDEN)
    .get('/manage', () => redirect('/admin', { isPartial: false }), HIDDEN)

const HIDDEN = { detail: { hide: true } } as const
