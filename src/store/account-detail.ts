import type { Client, InValue, ResultSet, Row } from '@libsql/client/web'
import { NESTED_COLUMNS, nestedOf } from './account-nested'
import type { ListedAccount } from './account-pages'
import { auditLog } from './admin-schema'
import type { AuditEntry } from './audit'
import type { LedgerRow } from './ledger-row'
import { ledger } from './ledger-schema'
import type { ModelList } from './model-lists'
import { createRowReader } from './rows'
import { accounts, modelLists } from './schema'

/** Everything that the database knows of one account. */
export interface AccountDetail {
  /** Absent where there is no such row: one of the environment, or none. */
  readonly found: Omit<ListedAccount, 'place'> | undefined
  readonly models: ModelList | undefined
  /** Its last turns, also those in which another one gave the answer; the newest first. */
  readonly turns: readonly LedgerRow[]
  /** What operators changed about it, the newest first. */
  readonly changes: readonly AuditEntry[]
}

/** The ledger has no index by account, nor what the command line has done: so many rows are looked through at most. */
const LOOKED_THROUGH = 10_000
const MOST_TURNS = 20
const MOST_CHANGES = 10

/** Tells of one account, by one question to the database. */
export function createAccountDetails(client: Pick<Client, 'batch'>) {
  const readers = {
    account: createRowReader(accounts),
    models: createRowReader(modelLists),
    turns: createRowReader(ledger),
    changes: createRowReader(auditLog),
  }

  return async (id: string): Promise<AccountDetail> => {
    const [found, models, turns, changes] = await client.batch(
      [
        {
          sql: `SELECT ${readers.account.select}, ${NESTED_COLUMNS} FROM accounts WHERE id = ?`,
          args: [id],
        },
        {
          sql: `SELECT ${readers.models.select} FROM model_lists WHERE account_id = ?`,
          args: [id],
        },
        {
          sql: `SELECT ${readers.turns.select} FROM ledger
            WHERE id > (SELECT max(id) FROM ledger) - ? AND (account_id = ? OR attempt_log LIKE ?)
            ORDER BY id DESC LIMIT ?`,
          args: [LOOKED_THROUGH, id, `%"account":"${id.replace(/[%_]/g, '')}"%`, MOST_TURNS],
        },
        {
          sql: `SELECT ${readers.changes.select} FROM audit_log WHERE id IN (
              SELECT audit_id FROM audit_accounts WHERE account_id = ? UNION
              SELECT id FROM audit_log WHERE id > (SELECT max(id) FROM audit_log) - ?
                AND subject IN (SELECT kind || '/' || name FROM accounts WHERE id = ?))
            ORDER BY id DESC LIMIT ?`,
          args: [id, LOOKED_THROUGH, id, MOST_CHANGES],
        },
      ] satisfies { sql: string; args: InValue[] }[],
      'read',
    )
    const [row] = found?.rows ?? []
    return {
      found: row && { account: readers.account.read(row), ...nestedOf(id, row) },
      models: readAll(readers.models, models)[0],
      turns: readAll(readers.turns, turns),
      changes: readAll(readers.changes, changes),
    }
  }
}

const readAll = <T>(
  { read }: { readonly read: (row: Row) => T },
  result: ResultSet | undefined,
): T[] => (result?.rows ?? []).map(read)
