import type { Account } from '../../pool/account'
import type { Pool } from '../../pool/pool'
import type { AccountFilter } from '../../store/account-filter'
import { wordsOf } from '../../store/account-filter'
import type { ListedAccount } from '../../store/account-pages'
import type { StoredAccount } from '../../store/accounts'
import { type AccountStanding, standingOf } from './standing'

type Stored = Pick<
  StoredAccount,
  'id' | 'kind' | 'name' | 'baseUrl' | 'enabled' | 'weight' | 'maxInFlight' | 'requestsPerMinute'
> &
  Pick<StoredAccount, 'models' | 'api' | 'tier' | 'tags' | 'note' | 'version' | 'proxy' | 'extras'>

/** An account as lists show it: its secret by the last four signs at most. */
export interface ShownAccount extends Stored {
  /** Absent for one of the environment. */
  readonly hint: string | undefined
  /** Absent for one of the environment. */
  readonly createdAt: number | undefined
  /** It has no row in the database, and is changed where the environment is. */
  readonly isOfEnvironment: boolean
  readonly standing: AccountStanding
}

/** An account of the database, with how it does. */
export const shownStored = (
  pool: Pool,
  { account, states, quotas }: Pick<ListedAccount, 'account' | 'states' | 'quotas'>,
  at: number,
): ShownAccount => ({
  ...account,
  createdAt: account.createdAt.getTime(),
  isOfEnvironment: false,
  standing: standingOf(pool, { id: account.id, enabled: account.enabled, states, quotas }, at),
})

/** An account of the environment, which only the pool knows. */
export const shownOfEnvironment = (
  pool: Pool,
  { id, kind, name, baseUrl }: Account,
  at: number,
): ShownAccount => ({
  ...{ id, name, baseUrl, kind: kind === 'demo' ? 'xai' : kind },
  ...{ enabled: true, weight: 1, maxInFlight: null, requestsPerMinute: null, models: null },
  ...{ api: null, tier: null, tags: null, note: null, version: 0, proxy: null, extras: null },
  ...{ hint: undefined, createdAt: undefined, isOfEnvironment: true },
  standing: standingOf(pool, { id, enabled: true }, at),
})

/** Whether an account of the environment is among those that somebody looks for. */
export function fits(account: ShownAccount, filter: AccountFilter): boolean {
  const { kind, tier, tag, state, text = '' } = filter
  if (tag !== undefined || tier !== undefined || (kind && kind !== account.kind)) return false
  const said = `${account.kind}/${account.name} ${account.baseUrl}`.toLowerCase()
  if (!wordsOf(text).every((word) => said.includes(word.toLowerCase()))) return false
  const { rests } = account.standing
  if (state === 'off') return false
  if (state === undefined || state === 'on') return true
  if (state === 'ready') return rests.every(({ scope }) => scope !== '')
  return rests.some((rest) => rest.state === state)
}
