import type { Patient } from './patient'
import { itemDeletes } from './said-items'

/** What items belong to, by its table. */
export type OwnerTable = 'responses' | 'conversations' | 'completions'

const isOwned = (name: string) => `${name}.owner_id IN (SELECT value FROM json_each(?1))`

/** Remove owners and their items. Says how many bytes nobody refers to any more. */
export async function forget(
  client: Patient,
  table: OwnerTable,
  ids: readonly string[],
): Promise<number> {
  const args = [JSON.stringify(ids)]
  const listed = 'IN (SELECT value FROM json_each(?1))'
  const results = await client.batch(
    [
      ...itemDeletes(isOwned, args),
      {
        sql: `DELETE FROM ${table} WHERE id ${listed} RETURNING ${table === 'responses' ? 'bytes' : '0 AS bytes'}`,
        args,
      },
      { sql: `DELETE FROM background_turns WHERE response_id ${listed}`, args },
    ],
    'write',
  )
  return results.flatMap(({ rows }) => rows).reduce((sum, { bytes }) => sum + Number(bytes ?? 0), 0)
}
