import type { Client } from '@libsql/client/web'
import { type AccountFilter, conditionsOf } from './account-filter'
import type { AccountQuota } from './account-quotas'
import type { AccountState } from './account-states'
import { type CalledAccount, calledOf, type StoredAccount } from './accounts'
import { createPagedReader, createReader } from './rows'
import { accountQuotas, accountStates, accounts } from './schema'

export { ACCOUNT_STATES, type AccountFilter } from './account-filter'

/** What is held against some accounts, and what is left of their quotas. */
export interface Standing {
  readonly states: ReadonlyMap<string, readonly AccountState[]>
  readonly quotas: ReadonlyMap<string, readonly AccountQuota[]>
}

/** Of how many accounts the states and quotas are asked for at once. */
const AT_ONCE = 1_000

/** Finds accounts among many, without reading them all. */
export function createAccountSearch(client: Client, now: () => number) {
  const readAccounts = createPagedReader(client, accounts, ['kind', 'name'])
  const readStates = createReader(client, accountStates)
  const readQuotas = createReader(client, accountQuotas)

  return {
    /** Those that fit, by kind and name. */
    find(filter: AccountFilter, most?: number): Promise<StoredAccount[]> {
      const { conditions, args } = conditionsOf(filter, now())
      return readAccounts(conditions, args, most)
    },

    /** What those that fit are called, by kind and name. */
    async called(filter: AccountFilter): Promise<CalledAccount[]> {
      const { conditions, args } = conditionsOf(filter, now())
      const { rows } = await client.execute({
        sql: `SELECT id, kind, name FROM accounts WHERE ${['1', ...conditions].join(' AND ')} ORDER BY kind, name`,
        args,
      })
      return rows.map(calledOf)
    },

    async count(filter: AccountFilter): Promise<number> {
      const { conditions, args } = conditionsOf(filter, now())
      const { rows } = await client.execute({
        sql: `SELECT count(*) AS found FROM accounts WHERE ${['1', ...conditions].join(' AND ')}`,
        args,
      })
      return Number(rows[0]?.found)
    },

    /** How accounts stand, by their ids. */
    async standing(ids: readonly string[]): Promise<Standing> {
      const states: AccountState[] = []
      const quotas: AccountQuota[] = []
      const rest = 'WHERE account_id IN (SELECT value FROM json_each(?))'
      for (let from = 0; from < ids.length; from += AT_ONCE) {
        const some = JSON.stringify(ids.slice(from, from + AT_ONCE))
        const found = await Promise.all([readStates(rest, [some]), readQuotas(rest, [some])])
        states.push(...found[0])
        quotas.push(...found[1])
      }
      return {
        states: Map.groupBy(states, ({ accountId }) => accountId),
        quotas: Map.groupBy(quotas, ({ accountId }) => accountId),
      }
    },

    /** Every tag with the number of accounts that have it, by name. */
    async tags(): Promise<readonly { readonly tag: string; readonly accounts: number }[]> {
      const { rows } = await client.execute(
        `SELECT one.value AS tag, count(*) AS found FROM accounts, json_each(accounts.tags) AS one
          GROUP BY one.value ORDER BY one.value`,
      )
      return rows.map(({ tag, found }) => ({ tag: String(tag), accounts: Number(found) }))
    },

    /** What accounts are called, by their ids. */
    async names(): Promise<ReadonlyMap<string, string>> {
      const { rows } = await client.execute('SELECT id, name FROM accounts')
      return new Map(rows.map(({ id, name }) => [String(id), String(name)]))
    },
  }
}
