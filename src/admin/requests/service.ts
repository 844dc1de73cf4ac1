import { ApiError } from '../../errors'
import type { LedgerContent, LedgerRow } from '../../store/ledger'
import type { TurnFilter } from '../../store/ledger-search'
import { ACCOUNT_KINDS } from '../../store/schema'
import type { Operator } from '../operator'
import type { AdminParts } from '../parts'
import type { Wanted } from './query'
import { masked } from './secrets'

/** An account as people call it. */
export interface AccountName {
  readonly kind: string
  readonly name: string
}

/** What keys and accounts of some requests are called. */
export interface RequestNames {
  /** A key that is gone has no name. */
  readonly key: (id: string) => string | undefined
  readonly account: (id: string) => AccountName | undefined
}

/** A part of the log. */
export interface RequestPage {
  readonly rows: readonly LedgerRow[]
  readonly names: RequestNames
  /** Where to go on: below this id. */
  readonly next: number | undefined
  /** Where the look ended for now, in milliseconds since 1970, with more to look at behind it. */
  readonly lookedUntil: number | undefined
}

/** One request in full. */
export interface RequestInFull {
  /** More than one where it took several calls. */
  readonly rows: readonly LedgerRow[]
  readonly names: RequestNames
  /** What was said, where it was kept; without what looks like a secret. */
  readonly content: Pick<LedgerContent, 'request' | 'answer'> | undefined
}

type RequestsParts = Pick<AdminParts, 'stores' | 'pool' | 'audit'>

/** The key of the environment, and that of our own pages. */
const OWN_KEYS: ReadonlyMap<string, string> = new Map(
  ['env', 'playground'].map((name) => [name, name]),
)

/** What was asked, and what became of it: for the page and for the API. */
export function createRequests({ stores, pool, audit }: RequestsParts) {
  const { ledgerSearch: search, ledger, names } = stores

  /** Names that nobody has fit nothing, rather than everything. */
  async function filterOf({ key, account, code, ...wanted }: Wanted): Promise<TurnFilter> {
    const [keyId, accountId] = await Promise.all([
      key === undefined ? undefined : OWN_KEYS.has(key) ? key : names.keyId(key),
      account === undefined ? undefined : accountIdOf(account),
    ])
    return {
      ...wanted,
      errorCode: code,
      keyId: key === undefined ? undefined : (keyId ?? key),
      accountId: account === undefined ? undefined : (accountId ?? account),
    }
  }

  /** Those of the environment, and the demo account, are in the pool only. */
  async function accountIdOf(given: string): Promise<string | undefined> {
    const known = pool.member(given)?.account.id ?? (await names.accountId(given, ACCOUNT_KINDS))
    if (known) return known
    for (const { account } of pool.members())
      if (account.name === given || `${account.kind}/${account.name}` === given) return account.id
    return undefined
  }

  async function namesOf(rows: readonly LedgerRow[]): Promise<RequestNames> {
    const keyIds = [...new Set(rows.map(({ keyId }) => keyId))]
    const accountIds = [...new Set(rows.flatMap(accountsOf))].filter((id) => !pool.member(id))
    const found = await names.of(keyIds, accountIds)
    return {
      key: (id) => found.keys.get(id) ?? OWN_KEYS.get(id),
      account: (id) => pool.member(id)?.account ?? found.accounts.get(id),
    }
  }

  return {
    /** The requests that fit, the newest first, below an id. */
    async page(wanted: Wanted, limit: number, before?: number): Promise<RequestPage> {
      const { rows, next, lookedUntil } = await search.page(await filterOf(wanted), limit, before)
      return { rows, next, lookedUntil, names: await namesOf(rows) }
    },

    /** The id of the newest request, whether it fits or not. */
    newest: search.newest,

    /** Whether there is a newer request that fits. */
    hasNewer: async (wanted: Wanted, than: number): Promise<boolean> =>
      (await search.newer(await filterOf(wanted), than, 1)).length > 0,

    /** @throws ApiError `not_found` */
    async find(requestId: string): Promise<RequestInFull> {
      const [rows, content] = await Promise.all([
        search.rowsOf(requestId),
        ledger.content(requestId),
      ])
      if (rows.length === 0)
        throw new ApiError(
          'not_found',
          `There is no request ${requestId.slice(0, 100)} in the ledger. It is written within a second after its end, and goes after \`ledger_days\`; what was refused before a model was asked is in the log only.`,
        )
      return {
        rows,
        names: await namesOf(rows),
        content: content && { request: masked(content.request), answer: masked(content.answer) },
      }
    },

    /** All requests that fit, in parts, with their names. */
    async *all(wanted: Wanted): AsyncGenerator<readonly [readonly LedgerRow[], RequestNames]> {
      for await (const rows of search.parts(await filterOf(wanted)))
        yield [rows, await namesOf(rows)]
    },

    /** Remove the requests that began before a time, or all; their sums stay. Says how many. */
    async clear(operator: Operator, before: number | undefined): Promise<number> {
      const removed = await search.remove(before)
      await audit(operator, {
        action: 'requests.clear',
        subject: 'requests',
        after: {
          removed,
          before: before === undefined ? 'all' : new Date(before).toISOString(),
        },
      })
      return removed
    },
  }
}

export type Requests = ReturnType<typeof createRequests>

const accountsOf = ({ accountId, attemptLog }: LedgerRow): string[] => [
  ...(accountId === null ? [] : [accountId]),
  ...(attemptLog ?? []).map(({ account }) => account),
]
