import type { Client, InStatement } from '@libsql/client/web'
import { instances } from './instance-schema'
import { createReader, insertsOf } from './rows'

/** One of those that share the database, as it last said. */
export type InstanceRow = typeof instances.$inferSelect

const KEEP = `ON CONFLICT (name) DO UPDATE SET host = excluded.host, runtime = excluded.runtime,
  version = excluded.version, process = excluded.process, state = excluded.state,
  started_at = excluded.started_at, seen_at = excluded.seen_at, expires_at = excluded.expires_at`
const COUNT = 'SELECT count(*) AS living FROM instances WHERE expires_at > ?'

const AMONG = 'IN (SELECT value FROM json_each(?2))'

/** What is held for a while is held until now, each found by when it would have ended. */
const LET_GO = [
  `UPDATE allowances SET expires_at = ?1 WHERE expires_at > ?1 AND instance ${AMONG}`,
  `UPDATE jobs SET expires_at = ?1 WHERE state = 'running' AND expires_at > ?1 AND instance ${AMONG}`,
  `UPDATE background_turns SET expires_at = ?1 WHERE expires_at > ?1 AND instance ${AMONG}`,
  `UPDATE videos SET lease_until = ?1
    WHERE status IN ('queued', 'in_progress') AND lease_until > ?1 AND instance ${AMONG}`,
  `UPDATE batches SET expires_at = ?1
    WHERE state IN ('waiting', 'running') AND expires_at > ?1 AND instance ${AMONG}`,
  `UPDATE asks SET expires_at = ?1 WHERE expires_at > 0 AND expires_at > ?1 AND instance ${AMONG}`,
]
const REMOVE = `DELETE FROM instances WHERE name ${AMONG.replace('?2', '?1')}`

/** Who shares the database now: each says from time to time that it lives. */
export function createInstanceRows(client: Client) {
  const read = createReader(client, instances, client)
  const remove = (names: readonly string[]): InStatement => ({
    sql: REMOVE,
    args: [JSON.stringify(names)],
  })

  return {
    /** Say that it lives, and until when to believe so; gives how many live then. */
    async keep(row: InstanceRow): Promise<number> {
      const count = { sql: COUNT, args: [row.seenAt] }
      const results = await client.batch([...insertsOf(instances, [row], KEEP), count], 'write')
      return Number(results.at(-1)?.rows[0]?.living)
    },

    /** Those that are believed to live, the oldest first. */
    living: (now: number): Promise<InstanceRow[]> =>
      read('WHERE expires_at > ? ORDER BY started_at, name', [now]),

    /** It stops, and holds nothing any more. */
    async leave(name: string): Promise<void> {
      await client.execute(remove([name]))
    },

    /** These are known to be dead: all that they hold is free for others at once. */
    async bury(names: readonly string[], now: number): Promise<void> {
      if (names.length === 0) return
      const args = [now, JSON.stringify(names)]
      await client.batch([...LET_GO.map((sql) => ({ sql, args })), remove(names)], 'write')
    },
  }
}

export type InstanceRows = ReturnType<typeof createInstanceRows>
