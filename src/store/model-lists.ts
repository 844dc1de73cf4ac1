import type { Client } from '@libsql/client/web'
import type { Database } from './database'
import { createReader } from './rows'
import { modelLists, type UpstreamModel } from './schema'

export type ModelList = typeof modelLists.$inferSelect
export type { UpstreamModel }

/** The last good model list of each account. */
export function createModelLists(db: Database, client: Client) {
  const read = createReader(client, modelLists)
  return {
    all: (): Promise<ModelList[]> => read(),

    async save(list: ModelList): Promise<void> {
      const { accountId: _, ...set } = list
      await db
        .insert(modelLists)
        .values(list)
        .onConflictDoUpdate({ target: modelLists.accountId, set })
    },
  }
}

export type ModelLists = ReturnType<typeof createModelLists>
