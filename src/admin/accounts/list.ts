import { environmentAccounts } from '../../pool/roster'
import type { AccountCounts, TagCount } from '../../store/account-pages'
import type { AdminParts } from '../parts'
import type { AccountQuery } from './query'
import { fits, type ShownAccount, shownOfEnvironment, shownStored } from './shown'

/** A page of accounts. */
export interface AccountList {
  readonly accounts: readonly ShownAccount[]
  /** How many fit the filter. */
  readonly total: number
  /** How to go on, and back; absent at the ends. */
  readonly next: AccountQuery | undefined
  readonly previous: AccountQuery | undefined
  readonly counts: AccountCounts | undefined
  readonly tags: readonly TagCount[]
}

type ListParts = Pick<AdminParts, 'config' | 'settings' | 'pool' | 'stores' | 'now'>

/** Shows accounts with how they do. */
export function createAccountList({ config, settings, pool, stores, now }: ListParts) {
  /** Those of the environment that fit. */
  async function ofEnvironment({ filter }: Pick<AccountQuery, 'filter'>) {
    const known = await environmentAccounts(config, settings())
    const shown = known.map((account) => shownOfEnvironment(pool, account, now()))
    return shown.filter((account) => fits(account, filter))
  }

  return {
    ofEnvironment,

    /**
     * Those of the environment come first, on top of the size of the page.
     *
     * @param isWhole whether what the filters offer is wanted, too
     */
    async page(query: AccountQuery, isWhole: boolean): Promise<AccountList> {
      const [own, page] = await Promise.all([
        ofEnvironment(query),
        stores.accountPages.page({ ...query, counts: isWhole }),
      ])
      const { accounts, hasAfter, hasBefore } = page
      const isFirst = !query.after && !hasBefore
      const at = now()
      const shown = accounts.map((one) => shownStored(pool, one, at))
      return {
        accounts: isFirst ? [...own, ...shown] : shown,
        total: page.total + own.length,
        next: hasAfter ? { ...query, before: undefined, after: accounts.at(-1)?.place } : undefined,
        previous: hasBefore
          ? { ...query, after: undefined, before: accounts[0]?.place }
          : undefined,
        counts: page.counts,
        tags: page.tags ?? [],
      }
    },
  }
}
