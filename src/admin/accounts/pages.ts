import { Elysia } from 'elysia'
import { batchPages } from '../batches/progress-routes'
import type { AdminParts } from '../parts'
import { createAccountActions } from './actions'
import { accountBulk } from './bulk-routes'
import { accountDetailPages } from './detail-routes'
import { accountExportPages } from './export-routes'
import { accountImportPages } from './import-routes'
import { accountPages } from './routes'

/** Everything about accounts that people look at. */
export function accountRoutes(parts: AdminParts) {
  const actions = createAccountActions(parts)
  return new Elysia()
    .use(accountPages(parts, actions))
    .use(accountBulk(parts, actions))
    .use(accountImportPages(parts, actions))
    .use(accountExportPages(parts, actions))
    .use(accountDetailPages(parts, actions))
    .use(batchPages(parts))
}
