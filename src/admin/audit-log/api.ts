import { Elysia } from 'elysia'
import { answers, failure } from '../../http/operation'
import type { AuditEntry } from '../../store/audit'
import { adminOperation } from '../operation'
import type { AdminParts } from '../parts'
import { AuditList } from './schema'
import { type AuditLog, whole } from './service'

const text = (name: string, description: string) => ({
  name,
  in: 'query' as const,
  description,
  schema: { type: 'string' as const },
})
const number = (name: string, description: string) => ({
  name,
  in: 'query' as const,
  description,
  schema: { type: 'integer' as const, minimum: 1 },
})

const WRONG = failure('A parameter is wrong.', 'invalid_value', '"limit" is a whole number.')

/** `GET /admin/api/audit` */
export const auditApi = ({ handlers }: Pick<AdminParts, 'handlers'>, log: AuditLog) =>
  new Elysia({ prefix: '/admin/api', tags: ['Admin: access'] }).get(
    '/audit',
    handlers.api(async (_operator, request) => {
      const query = new URL(request.url).searchParams
      const since = whole(query, 'since', Number.MAX_SAFE_INTEGER)
      const { entries, next } = await log.find(query, {
        since: since === undefined ? undefined : since * 1000,
      })
      return { object: 'list', data: entries.map(auditObject), has_more: next !== null, next }
    }),
    {
      detail: adminOperation({
        operationId: 'listAuditLog',
        summary: 'List who changed what',
        description: 'The newest first. `next` is the `after` of the part that follows.',
        parameters: [
          text('actor', 'A part of who made the change: `token deploy`, `command line`.'),
          text('action', 'What the action begins with: `account.change`, `account.`'),
          text('subject', 'A part of what it was done to.'),
          number('since', 'Not before, in Unix seconds.'),
          number('limit', 'How many at most, up to 200; 50 if left out.'),
          text('after', 'The `next` of the part before this one.'),
        ],
        answers: { 200: answers('Some of them.', AuditList), 400: WRONG },
      }),
    },
  )

const auditObject = ({ id, at, actor, address, action, subject, before, after }: AuditEntry) => ({
  object: 'admin.audit_entry',
  id: String(id),
  created_at: Math.floor(at / 1000),
  ...{ actor, address, action, subject, before, after },
})
