import type { Row } from '@libsql/client/web'
import type { AccountQuota } from './account-quotas'
import type { AccountState } from './account-states'

const STATE_COLUMNS = ['scope', 'state', 'reason', 'until', 'faults', 'updatedAt'] as const
const QUOTA_COLUMNS = ['bucket', 'limit', 'remaining', 'resetAt', 'source', 'updatedAt'] as const

const nested = (table: string, columns: string) =>
  `(SELECT json_group_array(json_array(${columns})) FROM ${table} WHERE account_id = accounts.id)`

/** An account's states and quotas as JSON beside its columns, so that one answer holds all of a page. */
export const NESTED_COLUMNS = `${nested('account_states', 'scope, state, reason, until, faults, updated_at')} AS states,
  ${nested('account_quotas', 'bucket, "limit", remaining, reset_at, source, updated_at')} AS quotas`

/** The states and quotas that stand beside an account's columns. */
export const nestedOf = (accountId: string, { states, quotas }: Row) => ({
  states: unnested<AccountState>(states, STATE_COLUMNS, { accountId }),
  quotas: unnested<AccountQuota>(quotas, QUOTA_COLUMNS, { accountId }),
})

const unnested = <T>(json: unknown, names: readonly string[], owned: object): T[] =>
  (JSON.parse(String(json)) as unknown[][]).map(
    (values) =>
      ({ ...owned, ...Object.fromEntries(names.map((name, at) => [name, values[at]])) }) as T,
  )
