import { faultFields, type Log } from '../log'
import type { Account, Kind } from '../pool/account'
import type { Catalog } from '../pool/catalog'
import type { Pool } from '../pool/pool'
import type { ModelLists, UpstreamModel } from '../store/model-lists'
import type { Upstream } from '../upstream/upstream'

interface RefreshParts {
  readonly pool: Pool
  readonly catalog: Catalog
  readonly upstreams: Readonly<Record<Kind, Upstream>>
  readonly modelLists: ModelLists
  readonly maxAgeMs: () => number
  readonly now: () => number
  readonly log: Log
}

/** Upstreams asked at the same time. */
const PARALLEL = 4
const TIMEOUT_MS = 15_000
/** How soon an upstream is asked again that did not answer. */
const RETRY_MS = 60_000

/**
 * Keeps the accounts' model lists fresh. An upstream that does not answer changes nothing: its last
 * good list stays, over outages and restarts.
 */
export function createModelRefresh(parts: RefreshParts) {
  const { pool, catalog, upstreams, modelLists, maxAgeMs, now, log } = parts
  /** When each account's list is due, by account and address. */
  const due = new Map<string, number>()
  const nameOf = ({ id, baseUrl }: Account) => `${id} ${baseUrl}`

  async function refresh(account: Account): Promise<void> {
    due.set(nameOf(account), now() + RETRY_MS)
    const abort = new AbortController()
    const timer = setTimeout(() => abort.abort(), TIMEOUT_MS)
    try {
      const models = await upstreams[account.kind].models(account, abort)
      due.set(nameOf(account), now() + maxAgeMs())
      catalog.learn([[account.id, models]])
      if (account.kind !== 'demo') await save(account, models)
      log.debug('models', { account: account.name, kind: account.kind, models: models.length })
    } catch (cause) {
      log.warn('models_failed', {
        account: account.name,
        kind: account.kind,
        ...faultFields(cause),
      })
    } finally {
      clearTimeout(timer)
    }
  }

  const save = (account: Account, models: readonly UpstreamModel[]) =>
    modelLists.save({
      accountId: account.id,
      baseUrl: account.baseUrl,
      models,
      fetchedAt: new Date(now()),
    })

  return {
    /** Learn the lists that were stored, as far as their accounts are still the same. */
    async recall(): Promise<void> {
      const accounts = new Map([...pool.members()].map(({ account }) => [account.id, account]))
      const lists = await modelLists.all()
      const valid = lists.filter((list) => accounts.get(list.accountId)?.baseUrl === list.baseUrl)
      catalog.learn(valid.map(({ accountId, models }) => [accountId, models] as const))
      for (const { accountId, baseUrl, fetchedAt } of valid)
        due.set(`${accountId} ${baseUrl}`, fetchedAt.getTime() + maxAgeMs())
    },

    /** Ask every upstream whose list is due. */
    async run(): Promise<void> {
      const waiting = [...pool.members()]
        .map(({ account }) => account)
        .filter((account) => !account.models && (due.get(nameOf(account)) ?? 0) <= now())
      const next = async (): Promise<void> => {
        for (let account = waiting.shift(); account; account = waiting.shift())
          await refresh(account)
      }
      await Promise.all(Array.from({ length: PARALLEL }, next))
    },
  }
}
