import type { Config } from '../config'
import type { Vault } from '../crypto'
import type { Account } from '../pool/account'
import { environmentAccounts, fromStore } from '../pool/roster'
import type { Settings } from '../store/settings'
import type { Stores } from '../store/stores'

interface LookupParts {
  readonly config: Config
  readonly vault: Vault
  readonly stores: Pick<Stores, 'accounts'>
  readonly settings: () => Settings
}

/** Finds accounts by their ids as upstreams are asked with them, those that are switched off too. */
export const createAccountLookup =
  ({ config, vault, stores, settings }: LookupParts) =>
  async (ids: readonly string[]): Promise<ReadonlyMap<string, Account>> => {
    const wanted = new Set(ids)
    const [environment, stored] = await Promise.all([
      environmentAccounts(config, settings()),
      stores.accounts.some(ids),
    ])
    const found = [
      ...environment.filter(({ id }) => wanted.has(id)),
      ...stored.map((one) => fromStore(one, vault, settings())),
    ]
    return new Map(found.map((account) => [account.id, account]))
  }

export type AccountLookup = ReturnType<typeof createAccountLookup>
