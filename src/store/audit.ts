import type { Client, InValue } from '@libsql/client/web'
import { type AuditValues, auditLog } from './admin-schema'
import { createReader } from './rows'

export type { AuditValues }
export type AuditEntry = typeof auditLog.$inferSelect

/** A change that was made. Values never hold a secret: see `admin/audit.ts`. */
export type NewAuditEntry = Omit<AuditEntry, 'id' | 'at'> & {
  /** Ids of the accounts that it was made to. */
  readonly accounts?: readonly string[] | undefined
}

/** Which changes to show. */
export interface AuditFilter {
  /** Texts that these hold, in whatever case. */
  readonly actor?: string | undefined
  readonly subject?: string | undefined
  /** What this begins with: `account.` for all that was done to accounts. */
  readonly action?: string | undefined
  /** Not before. */
  readonly since?: number | undefined
  /** Older than this id. */
  readonly before?: number | undefined
}

/** So many ids are told to the database in a statement. */
const IDS = 10_000

/** That which was written just before is the newest. */
const OF_ACCOUNTS = `INSERT INTO audit_accounts (account_id, audit_id)
  SELECT DISTINCT value, (SELECT max(id) FROM audit_log) FROM json_each(?)`

/** Every change that operators made. */
export function createAuditStore(client: Client, now: () => number) {
  const read = createReader(client, auditLog, client)
  const json = (values: AuditValues | null) => values && JSON.stringify(values)

  return {
    async note({ accounts = [], ...change }: NewAuditEntry): Promise<void> {
      const { actor, address, action, subject, before, after } = change
      const entry = {
        sql: `INSERT INTO audit_log (at, actor, address, action, subject, before, after)
          VALUES (?, ?, ?, ?, ?, ?, ?)`,
        args: [now(), actor, address, action, subject, json(before), json(after)],
      }
      await client.batch([entry, ...ofAccounts(accounts)], 'write')
    },

    /** The newest first. */
    list(limit: number, filter: AuditFilter = {}): Promise<AuditEntry[]> {
      const { actor, subject, action, since, before } = filter
      const tests: [condition: string, value: InValue | undefined][] = [
        ['id < ?', before],
        ['at >= ?', since],
        ['instr(lower(actor), lower(?)) > 0', actor],
        ['instr(lower(subject), lower(?)) > 0', subject],
      ]
      const wanted = tests.filter(([, value]) => value !== undefined && value !== '')
      const conditions = wanted.map(([condition]) => condition)
      const args = wanted.map(([, value]) => value ?? null)
      if (action) {
        conditions.push('substr(action, 1, ?) = ?')
        args.push(action.length, action)
      }
      const where = conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : ''
      return read(`${where} ORDER BY id DESC LIMIT ?`, [...args, limit])
    },
  }
}

function ofAccounts(ids: readonly string[]) {
  const parts = Array.from({ length: Math.ceil(ids.length / IDS) }, (_, part) =>
    ids.slice(part * IDS, (part + 1) * IDS),
  )
  return parts.map((part) => ({ sql: OF_ACCOUNTS, args: [JSON.stringify(part)] }))
}

export type AuditStore = ReturnType<typeof createAuditStore>
