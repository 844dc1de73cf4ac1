import { ApiError } from '../../errors'
import { openExtras } from '../../operator/account-extras'
import { environmentAccounts } from '../../pool/roster'
import { proxyName } from '../../proxy'
import type { AccountDetail } from '../../store/account-detail'
import type { AuditEntry } from '../../store/audit'
import type { LedgerRow } from '../../store/ledger-row'
import type { AdminParts } from '../parts'
import { type ShownAccount, shownOfEnvironment, shownStored } from './shown'

/** An account with everything that may be shown of it. */
export interface DetailedAccount extends ShownAccount {
  /** `HOST:PORT` of the proxy that its calls go through, and whether it has one of its own. */
  readonly proxyName: string | undefined
  readonly hasOwnProxy: boolean
  /** Whether calls can go through a proxy here. */
  readonly takesProxy: boolean
  /** Their names; what they say is secret. */
  readonly headerNames: readonly string[]
  readonly cookieNames: readonly string[]
}

/** Everything of one account. */
export interface AccountView {
  readonly account: DetailedAccount
  /** Ids of the models that it serves; undefined while nobody knows. */
  readonly models: readonly string[] | undefined
  readonly modelsAt: number | undefined
  readonly turns: readonly LedgerRow[]
  readonly changes: readonly AuditEntry[]
}

type DetailParts = Pick<
  AdminParts,
  'config' | 'settings' | 'pool' | 'stores' | 'now' | 'vault' | 'canProxy'
>

/** Tells everything of one account. */
export function createAccountDetail(parts: DetailParts) {
  const { config, settings, pool, stores, now, vault, canProxy } = parts

  /** An account with what of it is sealed and may be shown. */
  async function detailed(shown: ShownAccount): Promise<DetailedAccount> {
    const kindProxy = settings()[`proxy_${shown.kind}`]
    // What cannot be opened any more can still be seen and changed.
    const own = shown.proxy && (await vault.open(shown.proxy).catch(() => ''))
    const { headers, cookies } = await openExtras(vault, shown).catch(() => UNREADABLE)
    return {
      ...shown,
      proxyName: own === null ? named(kindProxy) : proxyName(own),
      hasOwnProxy: own !== null,
      takesProxy: canProxy,
      headerNames: Object.keys(headers),
      cookieNames: cookies
        .split('; ')
        .filter(Boolean)
        .map((cookie) => cookie.slice(0, cookie.indexOf('='))),
    }
  }

  async function ofEnvironment(id: string): Promise<DetailedAccount> {
    const known = await environmentAccounts(config, settings())
    const account = known.find((one) => one.id === id)
    if (!account) throw new ApiError('not_found', 'There is no such account.')
    return detailed(shownOfEnvironment(pool, account, now()))
  }

  /** What it serves now; the pool knows it sooner than the database. */
  function modelsOf(id: string, { models: stored, found }: AccountDetail) {
    const named = found?.account.models
    if (named) return named
    const offered = pool.member(id)?.shelf?.models ?? stored?.models
    return offered?.map((model) => model.id)
  }

  return {
    detailed,

    /** @throws ApiError `not_found` */
    async view(id: string): Promise<AccountView> {
      const detail = await stores.accountDetail(id)
      const { found, turns, changes, models } = detail
      return {
        account: found ? await detailed(shownStored(pool, found, now())) : await ofEnvironment(id),
        models: modelsOf(id, detail),
        modelsAt: models?.fetchedAt.getTime(),
        turns,
        changes,
      }
    },
  }
}

const UNREADABLE = { headers: {}, cookies: '' }

const named = (proxy: string): string | undefined => (proxy ? proxyName(proxy) : undefined)
