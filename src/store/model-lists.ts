import type { Client } from '@libsql/client/web'
import { createPagedReader, insertsOf } from './rows'
import { modelLists, type UpstreamModel } from './schema'

export type ModelList = typeof modelLists.$inferSelect
export type { UpstreamModel }

const MERGE = `ON CONFLICT (account_id) DO UPDATE SET
  base_url = excluded.base_url, models = excluded.models, fetched_at = excluded.fetched_at`

/** The last good model list of each account. */
export function createModelLists(client: Client) {
  const read = createPagedReader(client, modelLists, ['fetchedAt', 'accountId'])
  return {
    /** Those that were fetched then or later, by whichever instance. */
    since: (fetchedAt: number): Promise<ModelList[]> => read(['fetched_at >= ?'], [fetchedAt]),

    async save(lists: readonly ModelList[]): Promise<void> {
      if (lists.length > 0) await client.batch(insertsOf(modelLists, lists, MERGE), 'write')
    },
  }
}

export type ModelLists = ReturnType<typeof createModelLists>
