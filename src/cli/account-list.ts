import type { Config } from '../config'
import { environmentAccounts } from '../pool/roster'
import { proxyName } from '../proxy'
import type { AccountQuota } from '../store/account-quotas'
import type { AccountState } from '../store/account-states'
import type { StoredAccount } from '../store/accounts'
import { age, table } from './command'
import type { State } from './state'

/** Print every account, with its limits, what is held against it and what is left of its quotas. */
export async function listAccounts(state: State, config: Config): Promise<number> {
  const { accounts, accountStates, accountQuotas, settings } = state.stores
  const [stored, current] = [await accounts.list(), await settings.all()]
  const states = Map.groupBy(await accountStates.all(), ({ accountId }) => accountId)
  const quotas = Map.groupBy(await accountQuotas.all(), ({ accountId }) => accountId)
  const known = (id: string, enabled: boolean) => [
    [enabled ? 'on' : 'off', ...held(states.get(id))].join('; '),
    left(quotas.get(id)),
  ]
  const fromEnvironment = await environmentAccounts(config, current)
  const rows = fromEnvironment.map(({ id, kind, name, baseUrl }) => {
    const proxy = kind === 'demo' ? '' : current[`proxy_${kind}`]
    return [kind, name, '(environment)', baseUrl + via(proxy), '', ...known(id, true)]
  })
  for (const account of stored) {
    const { id, kind, name, hint, baseUrl, enabled, proxy } = account
    const way = proxy ? await state.vault.open(proxy) : current[`proxy_${kind}`]
    rows.push([kind, name, `…${hint}`, baseUrl + via(way), limits(account), ...known(id, enabled)])
  }
  if (rows.length === 0)
    console.info(
      'No accounts yet, so the demo account answers. Add one with: groxy accounts add xai xai-…',
    )
  else console.info(table(['KIND', 'NAME', 'SECRET', 'ADDRESS', 'LIMITS', 'STATE', 'QUOTA'], rows))
  return 0
}

const via = (proxy: string): string => (proxy ? ` via ${proxyName(proxy)}` : '')

const limits = ({ weight, maxInFlight, requestsPerMinute, models, api }: StoredAccount): string =>
  [
    weight !== 1 && `weight ${weight}`,
    maxInFlight !== null && `${maxInFlight} at once`,
    requestsPerMinute !== null && `${requestsPerMinute}/min`,
    models && `models ${models.join(',')}`,
    api && `api ${api}`,
  ]
    .filter(Boolean)
    .join(', ')

/** What still holds: `cooling grok-4 (quota, 40 s left)`. */
function held(states: readonly AccountState[] = []): string[] {
  const now = Date.now()
  return states
    .filter(({ until, faults }) => faults > 0 && (until === null || until > now))
    .map(({ state, scope, reason, until }) => {
      const rest = until === null ? 'until cleared' : `${age(until - now)} left`
      return `${state}${scope && ` ${scope}`} (${reason}, ${rest})`
    })
}

/** What is left, as far as it was said for a window that has not ended. */
function left(quotas: readonly AccountQuota[] = []): string {
  const now = Date.now()
  return quotas
    .filter(({ resetAt }) => resetAt > now)
    .map(
      ({ bucket, remaining, limit, source, updatedAt }) =>
        `${bucket} ${remaining}/${limit} (${source} ${age(now - updatedAt)} ago)`,
    )
    .join('; ')
}
