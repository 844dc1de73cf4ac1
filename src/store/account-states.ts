import type { Client } from '@libsql/client/web'
import { and, eq, ne } from 'drizzle-orm'
import type { Database } from './database'
import { touchRevision } from './revision'
import { createReader, insertsOf } from './rows'
import { accountStates } from './schema'

/** What is held against an account, or against one of its models or endpoints. */
export type AccountState = typeof accountStates.$inferSelect

/**
 * Rows of several instances meet here, and the graver word wins: a rest without an end before one
 * that ends, the later end before the earlier. Two kinds of row are always taken: one that counts no
 * faults says that the account is well again, and one that finds a rest that was over before.
 */
const MERGE = `ON CONFLICT (account_id, scope) DO UPDATE SET
  state = excluded.state, reason = excluded.reason, until = excluded.until,
  faults = excluded.faults, updated_at = excluded.updated_at
  WHERE excluded.faults = 0 OR excluded.until IS NULL
    OR (account_states.until IS NOT NULL AND account_states.until <= max(excluded.until, excluded.updated_at))`

/** The states of accounts that outlive a restart, and that instances tell each other. */
export function createAccountStates(db: Database, client: Client, now: () => number) {
  const read = createReader(client, accountStates)
  return {
    all: (): Promise<AccountState[]> => read(),

    /** What was written at that time or later, by whichever instance. */
    changedSince: (updatedAt: number): Promise<AccountState[]> =>
      read('WHERE updated_at >= ?', [updatedAt]),

    /** Write states, all or nothing; see `MERGE` for what becomes of those that exist. */
    async save(states: readonly AccountState[]): Promise<void> {
      if (states.length > 0) await client.batch(insertsOf(accountStates, states, MERGE), 'write')
    },

    /** Forget what is held against an account. */
    async clear(accountId: string): Promise<void> {
      await db.batch([...clearing(db, accountId, now()), touchRevision(db)])
    },
  }
}

/** The reason in the row that a clearing leaves. */
export const CLEARED = 'cleared'

/**
 * The statements that forget what is held against an account. A row that means nothing stays, so
 * that running instances see by `changedSince` what they have to forget.
 */
export function clearing(db: Database, accountId: string, at: number) {
  const blank = { state: 'cooling', reason: CLEARED, until: 0, faults: 0, updatedAt: at } as const
  return [
    db
      .delete(accountStates)
      .where(and(eq(accountStates.accountId, accountId), ne(accountStates.scope, ''))),
    db
      .insert(accountStates)
      .values({ accountId, scope: '', ...blank })
      .onConflictDoUpdate({ target: [accountStates.accountId, accountStates.scope], set: blank }),
  ] as const
}
