import type { Config } from '../config'
import { UpstreamFault } from '../errors'
import { fromStore } from '../pool/roster'
import type { StoredAccount } from '../store/accounts'
import type { QuotaFinding } from '../upstream/upstream'
import { labelOf, only } from './account-choice'
import { type Asking, bucketsOf, createAsking, explain, foundQuotas, inTime } from './account-test'
import { UsageError, type Values } from './command'
import type { State } from './state'

/** `groxy accounts refresh` */
export async function refreshCommand(
  state: State,
  config: Config,
  name: string | undefined,
  { all }: Values,
): Promise<number> {
  if (!all === !name)
    throw new UsageError(
      'accounts refresh: say which.',
      'NAME asks about one account now; --all has the running server ask about all sessions.',
    )
  if (!name) return refreshAll(state)
  const account = only(await state.stores.accountSearch.find({ name }), name)
  const asking = await createAsking(state, config)
  const { quotas } = asking.upstreams[account.kind]
  if (!quotas) {
    console.info(
      `${labelOf(account)} tells of its quotas with its answers: there is nothing to ask.`,
    )
    return 0
  }
  try {
    const finding = await refreshAccount(state, asking, account)
    console.info(
      `${labelOf(account)}: ${foundQuotas({ tier: account.tier ?? undefined }, finding)}`,
    )
    return 0
  } catch (cause) {
    if (!(cause instanceof UpstreamFault)) throw cause
    console.info(`✗ ${labelOf(account)}: ${explain(cause, account.kind)}`)
    return 1
  }
}

async function refreshAll({ stores }: State): Promise<number> {
  if (await stores.jobs.want('quota', 'run'))
    console.info(
      'A running server begins to ask within two seconds. See: groxy jobs. End it: groxy jobs cancel quota',
    )
  else console.info('A server is asking already. See: groxy jobs')
  return 0
}

/** Ask what is left of an account's quotas, and keep what was said, its tier too. */
async function refreshAccount(
  { stores, vault }: State,
  asking: Asking,
  stored: StoredAccount,
): Promise<QuotaFinding> {
  const { settings, upstreams } = asking
  const account = fromStore(stored, vault, settings)
  const ask = (buckets: readonly string[]) =>
    inTime(async (abort) => {
      const none: QuotaFinding = { reports: [], tier: undefined }
      return (await upstreams[account.kind].quotas?.(account, buckets, abort)) ?? none
    })
  const buckets = bucketsOf(account, settings)
  const first = await ask(buckets)
  const tier = first.tier ?? account.tier
  // Who turns out to pay more has quotas that were not asked about.
  const others = bucketsOf({ tier }, settings).filter((bucket) => !buckets.includes(bucket))
  const second = others.length > 0 ? await ask(others) : undefined
  const reports = [...first.reports, ...(second?.reports ?? [])]
  const now = Date.now()
  await stores.accountQuotas.saveAsked(
    reports.map(({ bucket, limit, remaining, resetAt }) => ({
      ...{ accountId: account.id, bucket, limit, remaining, resetAt },
      ...{ source: 'reported' as const, updatedAt: now },
    })),
  )
  if (tier && tier !== account.tier) await stores.accounts.update(stored, { tier })
  return { reports, tier }
}
