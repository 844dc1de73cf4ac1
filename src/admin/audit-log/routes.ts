import { Elysia } from 'elysia'
import type { AdminParts } from '../parts'
import { shell } from '../shell'
import { auditPage } from './page'
import type { AuditLog } from './service'
import { auditWords } from './words'

const MINUTE_MS = 60_000

/** `GET /admin/audit` */
export const auditRoutes = ({ handlers }: Pick<AdminParts, 'handlers'>, log: AuditLog) =>
  new Elysia({ detail: { hide: true } }).get(
    '/admin/audit',
    handlers.page(async (view, request) => {
      const query = new URL(request.url).searchParams
      // A browser's clock field has no zone: it is the operator's.
      const since = Date.parse(`${query.get('since')}Z`) - view.zoneMinutes * MINUTE_MS
      const found = await log.find(query, { since: Number.isNaN(since) ? undefined : since })
      const main = auditPage(view, found, query)
      return shell(view, { title: auditWords[view.language].title, main })
    }),
  )
