import type { Client, InValue } from '@libsql/client/web'
import type { Sweep } from './cleaning'
import { forget, type OwnerTable } from './said-deletes'
import type { Settings } from './settings'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

/** A turn that goes on from a response may still be under way when that expires or is deleted. */
const GRACE_MS = HOUR_MS

/** Owners that are looked at in one step, and responses that are removed: with all of their items. */
const OWNERS = 50
const RESPONSES = 60
/** Of too much, so many at once: then it is seen what is the oldest now. */
const OLDEST = 20

const IS_LAST = 'NOT EXISTS (SELECT 1 FROM responses later WHERE later.previous_id = r.id)'

/**
 * From the last responses of chains on backwards, up to where others go on from, or to one that stays.
 * Of a chain the beginning goes last: so no context is ever without its beginning.
 */
const chains = (first: string, next: string) => `WITH RECURSIVE
  gone(id, previous_id) AS (
    SELECT id, previous_id FROM (
      SELECT id, previous_id FROM responses r WHERE ${first} AND ${IS_LAST}
      ORDER BY expires_at LIMIT ?2)
    UNION
    SELECT r.id, r.previous_id FROM gone JOIN responses r ON r.id = gone.previous_id
    WHERE ${next} AND (SELECT count(*) FROM responses later WHERE later.previous_id = r.id) = 1)
  SELECT id FROM gone LIMIT ${RESPONSES}`

const EXPIRED: readonly (readonly [OwnerTable, string])[] = [
  ['responses', chains('r.expires_at < ?1', 'r.expires_at < ?1')],
  ['conversations', 'SELECT id FROM conversations WHERE used_at < ?1 LIMIT ?2'],
  ['completions', 'SELECT id FROM completions WHERE expires_at < ?1 LIMIT ?2'],
]

const OLDEST_OF: Readonly<Record<OwnerTable, string>> = {
  responses: chains('?1', 'true'),
  conversations: 'SELECT id FROM conversations WHERE ?1 ORDER BY used_at LIMIT ?2',
  completions: 'SELECT id FROM completions WHERE ?1 ORDER BY expires_at LIMIT ?2',
}

const AGES = `
  SELECT 'responses' AS name, (SELECT created_at FROM responses r WHERE ${IS_LAST}
    ORDER BY expires_at LIMIT 1) AS at
  UNION ALL SELECT 'conversations', (SELECT min(used_at) FROM conversations)
  UNION ALL SELECT 'completions', (SELECT created_at FROM completions ORDER BY expires_at LIMIT 1)
  ORDER BY at NULLS LAST LIMIT 1`

const TOTAL = `SELECT (SELECT coalesce(sum(bytes), 0) FROM item_bodies)
  + (SELECT coalesce(sum(bytes), 0) FROM responses) AS bytes`

/** Of what was said: removes what has expired, then the oldest of what is too much. */
export function saidSweeps(client: Client, settings: Settings, now: number): readonly Sweep[] {
  async function idsOf(sql: string, args: InValue[]): Promise<string[]> {
    const { rows } = await client.execute({ sql, args })
    return rows.map(({ id }) => String(id))
  }

  const expired = EXPIRED.map(([table, sql]): Sweep => {
    const keptMs = table === 'conversations' ? settings.stored_days * DAY_MS : 0
    return {
      expected: 0,
      async step() {
        const ids = await idsOf(sql, [now - GRACE_MS - keptMs, OWNERS])
        if (ids.length > 0) await forget(client, table, ids)
        return { rows: ids.length, more: ids.length > 0 }
      },
    }
  })

  let left: number | undefined
  const tooMuch: Sweep = {
    expected: 0,
    async step() {
      left ??= Number((await client.execute(TOTAL)).rows[0]?.bytes ?? 0)
      if (left <= settings.stored_bytes) return { rows: 0, more: false }
      const { rows } = await client.execute(AGES)
      const table = rows[0]?.name as OwnerTable
      const ids = await idsOf(OLDEST_OF[table], [1, OLDEST])
      if (ids.length === 0) return { rows: 0, more: false }
      left -= await forget(client, table, ids)
      return { rows: ids.length, more: true }
    },
  }
  return [...expired, tooMuch]
}
