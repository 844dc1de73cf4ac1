import type { Config } from '../config'
import type { Vault } from '../crypto'
import type { FileAccount } from '../store/account-file/account'
import type { StoredAccount } from '../store/accounts'
import { usualAddress } from './account-address'
import { openExtras, orNull } from './account-extras'

/** An account with its secrets opened. What is usual here is not said: another Groxy has its own. */
export async function openAccount(
  stored: StoredAccount,
  vault: Vault,
  config: Config,
): Promise<FileAccount> {
  const { kind, baseUrl } = stored
  return {
    kind,
    secret: await vault.open(stored.secret),
    name: stored.name,
    enabled: stored.enabled,
    tier: stored.tier,
    extras: orNull(await openExtras(vault, stored)),
    tags: stored.tags ?? [],
    note: stored.note,
    baseUrl: baseUrl === usualAddress(config, kind) ? undefined : baseUrl,
    weight: stored.weight,
    maxInFlight: stored.maxInFlight ?? undefined,
    requestsPerMinute: stored.requestsPerMinute ?? undefined,
    models: stored.models ?? undefined,
    api: stored.api ?? undefined,
    proxy: stored.proxy ? await vault.open(stored.proxy) : undefined,
    leftOut: [],
  }
}
