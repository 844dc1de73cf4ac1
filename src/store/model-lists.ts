import type { Client } from '@libsql/client/web'
import { createPagedReader, insertsOf } from './rows'
import { modelLists, type UpstreamModel } from './schema'

export type ModelList = typeof modelLists.$inferSelect
export type { UpstreamModel }

const MERGE = `ON CONFLICT (account_id) DO UPDATE SET
  base_url = excluded.base_url, models = excluded.models, fetched_at = excluded.fetched_at`

/** So many accounts that are off are looked at: their lists are long. */
const LOOKED_AT = 500

const OFF = `SELECT kind || '/' || name AS name FROM
    (SELECT id, kind, name, models AS own FROM accounts WHERE enabled = 0 LIMIT ${LOOKED_AT}) AS off
    LEFT JOIN model_lists AS lists ON lists.account_id = off.id
  WHERE EXISTS (SELECT 1 FROM json_each(own) WHERE value = ?1)
    OR own IS NULL AND EXISTS (SELECT 1 FROM json_each(lists.models) WHERE value ->> 'id' = ?1)
  LIMIT ?2`

/** The last good model list of each account. */
export function createModelLists(client: Client) {
  const read = createPagedReader(client, modelLists, ['fetchedAt', 'accountId'])
  return {
    /** Those that were fetched then or later, by whichever instance. */
    since: (fetchedAt: number): Promise<ModelList[]> => read(['fetched_at >= ?'], [fetchedAt]),

    /** Names of accounts that are switched off and would have a model. */
    async ofAccountsThatAreOff(model: string, most: number): Promise<readonly string[]> {
      const { rows } = await client.execute({ sql: OFF, args: [model, most] })
      return rows.map(({ name }) => String(name))
    },

    async save(lists: readonly ModelList[]): Promise<void> {
      if (lists.length > 0) await client.batch(insertsOf(modelLists, lists, MERGE), 'write')
    },
  }
}

export type ModelLists = ReturnType<typeof createModelLists>
