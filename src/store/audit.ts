import type { Client } from '@libsql/client/web'
import { type AuditValues, auditLog } from './admin-schema'
import { createReader } from './rows'

export type { AuditValues }
export type AuditEntry = typeof auditLog.$inferSelect

/** A change that was made. Values never hold a secret: see `admin/audit.ts`. */
export type NewAuditEntry = Omit<AuditEntry, 'id' | 'at'>

/** Every change that operators made. */
export function createAuditStore(client: Client, now: () => number) {
  const read = createReader(client, auditLog, client)
  const json = (values: AuditValues | null) => values && JSON.stringify(values)

  return {
    async note({ actor, address, action, subject, before, after }: NewAuditEntry): Promise<void> {
      await client.execute({
        sql: `INSERT INTO audit_log (at, actor, address, action, subject, before, after)
          VALUES (?, ?, ?, ?, ?, ?, ?)`,
        args: [now(), actor, address, action, subject, json(before), json(after)],
      })
    },

    /** The newest first, older than an id. */
    list: (limit: number, before = Number.MAX_SAFE_INTEGER): Promise<AuditEntry[]> =>
      read('WHERE id < ? ORDER BY id DESC LIMIT ?', [before, limit]),
  }
}

export type AuditStore = ReturnType<typeof createAuditStore>
