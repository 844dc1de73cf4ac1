import type { Subject } from '../../jobs/batch-run'
import type { BatchKind } from '../../jobs/batches'
import type { AccountFinding } from '../../operator/account-finding'
import type { AccountLookup } from '../../operator/account-lookup'
import { refreshModels, refreshQuotas } from '../../operator/account-refresh'
import { failedFinding, testAccount } from '../../operator/account-test'
import type { Asking } from '../../operator/asking'
import type { Account } from '../../pool/account'
import type { Pool } from '../../pool/pool'
import { suspect } from '../../pool/suspects'
import type { Stores } from '../../store/stores'
import { refusesKey } from '../../upstream/fault'

/** What is done to many accounts at once. */
export const BATCH_KINDS = ['test', 'refresh'] as const
export type BatchName = (typeof BATCH_KINDS)[number]

interface KindsParts {
  readonly lookup: AccountLookup
  readonly stores: Stores
  readonly pool: Pool
  readonly asking: (signal?: AbortSignal) => Asking
  readonly now: () => number
  /** Read again which models accounts offer. */
  readonly learnModels: () => Promise<void>
}

/** What an account's upstream said is told to the pool: who is refused is asked about once more there. */
export const tellPool = (
  { pool, now }: Pick<KindsParts, 'pool' | 'now'>,
  { id }: Pick<Account, 'id'>,
  { fault }: AccountFinding,
): void => {
  const member = pool.member(id)
  if (member && fault && refusesKey(fault)) suspect(pool, member, fault, now())
}

/** The kinds of work on many accounts. */
export function accountBatches(parts: KindsParts): Readonly<Record<BatchName, BatchKind>> {
  const { lookup, stores, asking, now } = parts

  async function refresh(account: Account, signal: AbortSignal): Promise<AccountFinding> {
    const asked = asking(signal)
    try {
      const { quotas } = asked.upstreams[account.kind]
      if (quotas) await refreshQuotas({ stores, now }, asked, account)
      // What sessions offer is known by their tier, and what the operator has named is not asked for.
      else if (!account.models) await refreshModels({ stores, now }, asked, account)
      else return await testAccount(asked, account)
      return {
        ok: true,
        code: quotas ? 'quotas' : 'models',
        reason: '',
        hint: '',
        proxy: undefined,
      }
    } catch (cause) {
      return failedFinding(account, cause, undefined)
    }
  }

  const kind = (
    ask: (account: Account, signal: AbortSignal) => Promise<AccountFinding>,
  ): BatchKind['find'] => {
    const subject = (account: Account): Subject => ({
      id: account.id,
      name: `${account.kind}/${account.name}`,
      place: placeOf(account),
      async run(signal) {
        const finding = await ask(account, signal)
        if (finding.ok || signal.aborted) return undefined
        tellPool(parts, account, finding)
        const { code, reason, fault } = finding
        return {
          ...{ reason, code },
          isOfPlace: OF_PLACE.has(code),
          isTooOften: code === 'limited',
          restMs: fault?.details.retryAfterMs,
        }
      },
    })
    return async (ids) =>
      new Map([...(await lookup(ids))].map(([id, account]) => [id, subject(account)]))
  }

  return {
    test: { find: kind((account, signal) => testAccount(asking(signal), account)) },
    refresh: { find: kind(refresh), learn: parts.learnModels },
  }
}

/** What says more about an address, or the way there, than about an account. */
const OF_PLACE: ReadonlySet<AccountFinding['code']> = new Set([
  'challenge',
  'server_failed',
  'unreachable',
  'silent',
])

/** Who is asked at one address must be patient together. */
const placeOf = ({ kind, baseUrl }: Account): string =>
  `${kind} ${URL.parse(baseUrl)?.origin ?? baseUrl}`
