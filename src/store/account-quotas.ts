import type { Client } from '@libsql/client/web'
import { createPagedReader, insertsOf } from './rows'
import { accountQuotas } from './schema'

/** What is left of one quota of an account. */
export type AccountQuota = typeof accountQuotas.$inferSelect

/** The newer word wins, whichever instance heard it. */
const MERGE = `ON CONFLICT (account_id, bucket) DO UPDATE SET
  "limit" = excluded."limit", remaining = excluded.remaining, reset_at = excluded.reset_at,
  source = excluded.source, updated_at = excluded.updated_at
  WHERE account_quotas.updated_at <= excluded.updated_at`

/** What was heard before an operator cleared the account is forgotten, even when it is written later. */
const FORGET = `DELETE FROM account_quotas
  WHERE account_id IN (SELECT value FROM json_each(?))
    AND updated_at < (SELECT whole.updated_at FROM account_states AS whole
      WHERE whole.account_id = account_quotas.account_id AND whole.scope = '' AND whole.reason = 'cleared')`

/** Running instances see what rest has ended by when it would have. */
const END_REST = `UPDATE account_states SET faults = 0, updated_at = ?
  WHERE account_id = ? AND scope = ? AND faults > 0`

function writesOf(quotas: readonly AccountQuota[]) {
  const ids = JSON.stringify([...new Set(quotas.map(({ accountId }) => accountId))])
  return [...insertsOf(accountQuotas, quotas, MERGE), { sql: FORGET, args: [ids] }]
}

/** What is known of the quotas of accounts. */
export function createAccountQuotas(client: Client) {
  const read = createPagedReader(client, accountQuotas, ['updatedAt', 'accountId', 'bucket'])
  return {
    all: (): Promise<AccountQuota[]> => read(),

    /** What was heard at that time or later, by whoever. */
    changedSince: (updatedAt: number): Promise<AccountQuota[]> =>
      read(['updated_at >= ?'], [updatedAt]),

    async save(quotas: readonly AccountQuota[]): Promise<void> {
      if (quotas.length > 0) await client.batch(writesOf(quotas), 'write')
    },

    /** The same for what an operator asked: where something is left, nothing is held for the lack of it. */
    async saveAsked(quotas: readonly AccountQuota[]): Promise<void> {
      if (quotas.length === 0) return
      const ends = quotas
        .filter(({ remaining }) => remaining > 0)
        .map(({ accountId, bucket, updatedAt }) => ({
          sql: END_REST,
          args: [updatedAt, accountId, bucket],
        }))
      await client.batch([...writesOf(quotas), ...ends], 'write')
    },
  }
}

export type AccountQuotas = ReturnType<typeof createAccountQuotas>
