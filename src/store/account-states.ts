import type { Client, InStatement } from '@libsql/client/web'
import { and, inArray, ne, type SQL, sql } from 'drizzle-orm'
import type { Database } from './database'
import { touchRevision } from './revision'
import { createPagedReader, insertsOf } from './rows'
import { accountQuotas, accountStates } from './schema'

/** What is held against an account, or against one of its models or endpoints. */
export type AccountState = typeof accountStates.$inferSelect

/**
 * Rows of several instances meet here, and the graver word wins: a rest without an end before one
 * that ends, the later end before the earlier. A row that counts no faults says which rest is over by
 * that rest's end: it is taken where no longer one was stored, and any rest is taken after it.
 *
 * What was found out before an operator cleared the account is not taken. When an upstream says that
 * nothing is left of a quota it says until when, and that is taken even where it is sooner.
 */
const MERGE = `ON CONFLICT (account_id, scope) DO UPDATE SET
  state = excluded.state, reason = excluded.reason, until = excluded.until,
  faults = excluded.faults, updated_at = excluded.updated_at
  WHERE NOT (account_states.reason = 'cleared' AND account_states.updated_at > excluded.updated_at)
    AND (account_states.faults = 0 OR excluded.until IS NULL
      OR account_states.until <= max(excluded.until, excluded.updated_at)
      OR (excluded.reason = 'no quota is left' AND account_states.updated_at <= excluded.updated_at))`

/** A clearing has one row; what a scope of its own was written to since, but known before, goes. */
const FORGET_SCOPES = `DELETE FROM account_states
  WHERE scope <> '' AND account_id IN (SELECT value FROM json_each(?))
    AND updated_at < (SELECT whole.updated_at FROM account_states AS whole
      WHERE whole.account_id = account_states.account_id AND whole.scope = '' AND whole.reason = 'cleared')`

/** The states of accounts that outlive a restart, and that instances tell each other. */
export function createAccountStates(db: Database, client: Client, now: () => number) {
  const read = createPagedReader(client, accountStates, ['updatedAt', 'accountId', 'scope'])
  return {
    all: (): Promise<AccountState[]> => read(),

    /** What was written at that time or later, by whichever instance. */
    changedSince: (updatedAt: number): Promise<AccountState[]> =>
      read(['updated_at >= ?'], [updatedAt]),

    /** Write states, all or nothing; see `MERGE` for what becomes of those that exist. */
    async save(states: readonly AccountState[]): Promise<void> {
      if (states.length === 0) return
      const scoped = new Set(states.filter(({ scope }) => scope).map(({ accountId }) => accountId))
      const statements: InStatement[] = insertsOf(accountStates, states, MERGE)
      if (scoped.size > 0)
        statements.push({ sql: FORGET_SCOPES, args: [JSON.stringify([...scoped])] })
      await client.batch(statements, 'write')
    },

    /** Forget what is held against accounts, and what is known of their quotas. */
    async clear(accountIds: string | readonly string[]): Promise<void> {
      const ids = typeof accountIds === 'string' ? [accountIds] : accountIds
      for (let from = 0; from < ids.length; from += AT_ONCE) {
        const some = ids.slice(from, from + AT_ONCE)
        await db.batch([...clearing(db, some, now()), touchRevision(db)])
      }
    },
  }
}

/** The reason of a rest that an upstream's word on a quota brought; a statement names it too. */
export const NO_QUOTA = 'no quota is left'

/** The reason in the row that a clearing leaves; statements name it too. */
export const CLEARED = 'cleared'

/** How many accounts one batch clears. */
const AT_ONCE = 500

/**
 * The statements that forget what is held against accounts, and their quotas. A row that means nothing stays, so
 * that running instances see by `changedSince` what they have to forget.
 *
 * @param only what has to be so, lest nothing is forgotten
 */
export function clearing(
  db: Database,
  accountIds: readonly string[],
  at: number,
  only: SQL = sql`true`,
) {
  const blank = { state: 'cooling', reason: CLEARED, until: 0, faults: 0, updatedAt: at } as const
  return [
    db
      .delete(accountStates)
      .where(
        and(inArray(accountStates.accountId, [...accountIds]), ne(accountStates.scope, ''), only),
      ),
    db.delete(accountQuotas).where(and(inArray(accountQuotas.accountId, [...accountIds]), only)),
    db
      .insert(accountStates)
      .select(
        sql`SELECT value, '', ${blank.state}, ${blank.reason}, ${blank.until}, ${blank.faults}, ${at}
          FROM json_each(${JSON.stringify(accountIds)}) WHERE ${only}`,
      )
      .onConflictDoUpdate({ target: [accountStates.accountId, accountStates.scope], set: blank }),
  ] as const
}

export type AccountStates = ReturnType<typeof createAccountStates>
