import { Elysia } from 'elysia'
import { redirect } from '../answers'
import type { AdminParts } from '../parts'
import { overviewPage, overviewPart } from './page'
import type { OverviewService } from './service'

/** `GET /admin`: how the gateway does, and what needs attention. */
export const overviewRoutes = ({ handlers }: AdminParts, overview: OverviewService) =>
  new Elysia({ detail: { hide: true } })
    .get(
      '/admin',
      handlers.page(async (view) => overviewPage(view, await overview.read())),
    )
    .get(
      '/admin/overview',
      handlers.page(async (view) =>
        view.isPartial
          ? overviewPart(view, await overview.read())
          : redirect('/admin', { isPartial: false }),
      ),
    )
