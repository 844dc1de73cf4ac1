import type { Client } from '@libsql/client/web'
import { createReader, insertsOf } from './rows'
import { accountQuotas } from './schema'

/** What is left of one quota of an account. */
export type AccountQuota = typeof accountQuotas.$inferSelect

/** The newer word wins, whichever instance heard it. */
const MERGE = `ON CONFLICT (account_id, bucket) DO UPDATE SET
  "limit" = excluded."limit", remaining = excluded.remaining, reset_at = excluded.reset_at,
  source = excluded.source, updated_at = excluded.updated_at
  WHERE account_quotas.updated_at <= excluded.updated_at`

/** What is known of the quotas of accounts. */
export function createAccountQuotas(client: Client) {
  const read = createReader(client, accountQuotas)
  return {
    all: (): Promise<AccountQuota[]> => read(),

    async save(quotas: readonly AccountQuota[]): Promise<void> {
      if (quotas.length > 0) await client.batch(insertsOf(accountQuotas, quotas, MERGE), 'write')
    },
  }
}
