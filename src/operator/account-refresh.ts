import type { Account } from '../pool/account'
import type { Stores } from '../store/stores'
import type { QuotaFinding } from '../upstream/upstream'
import { NoProxies } from './account-finding'
import { bucketsOf } from './account-test'
import { type Asking, inTime } from './asking'

interface RefreshParts {
  readonly stores: Pick<Stores, 'accountQuotas' | 'accountTiers' | 'modelLists'>
  readonly now: () => number
}

/** Ask what is left of an account's quotas, and keep what was said, its tier too. */
export async function refreshQuotas(
  { stores, now }: RefreshParts,
  { upstreams, settings, signal, canProxy }: Asking,
  account: Account,
): Promise<QuotaFinding> {
  await needProxies(account, canProxy)
  const ask = (buckets: readonly string[]) =>
    inTime(async (abort) => {
      const none: QuotaFinding = { reports: [], tier: undefined }
      return (await upstreams[account.kind].quotas?.(account, buckets, abort)) ?? none
    }, signal)
  const buckets = bucketsOf(account, settings)
  const first = await ask(buckets)
  const tier = first.tier ?? account.tier
  // Who turns out to pay more has quotas that were not asked about.
  const others = bucketsOf({ tier }, settings).filter((bucket) => !buckets.includes(bucket))
  const second = others.length > 0 ? await ask(others) : undefined
  const reports = [...first.reports, ...(second?.reports ?? [])]
  const at = now()
  await stores.accountQuotas.saveAsked(
    reports.map(({ bucket, limit, remaining, resetAt }) => ({
      ...{ accountId: account.id, bucket, limit, remaining, resetAt },
      ...{ source: 'reported' as const, updatedAt: at },
    })),
  )
  if (tier && tier !== account.tier) await stores.accountTiers.save(new Map([[account.id, tier]]))
  return { reports, tier }
}

/** Ask which models an account offers, and keep the list. */
export async function refreshModels(
  { stores, now }: RefreshParts,
  { upstreams, signal, canProxy }: Asking,
  account: Account,
): Promise<readonly { readonly id: string }[]> {
  await needProxies(account, canProxy)
  const models = await inTime((abort) => upstreams[account.kind].models(account, abort), signal)
  const { id: accountId, baseUrl } = account
  await stores.modelLists.save([{ accountId, baseUrl, models, fetchedAt: new Date(now()) }])
  return models
}

/** @throws NoProxies for an account whose calls must not go out without a proxy */
async function needProxies(account: Account, canProxy = true): Promise<void> {
  if (!canProxy && (await account.proxy())) throw new NoProxies()
}
