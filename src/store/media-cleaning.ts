import type { InValue, ResultSet } from '@libsql/client/web'
import type { MediaSort } from './media'
import type { Patient } from './patient'

/** Something that can go, and what that frees. */
export interface Evictable {
  readonly name: string
  readonly bytes: number
}

/**
 * Who removes objects, and until when the others leave the rows of them alone: nobody fetches again what
 * is just being removed.
 */
export interface Hold {
  readonly by: string
  readonly until: number
}

const AMONG = 'IN (SELECT value FROM json_each(?1))'
const IS_FREE = '(fetcher IS NULL OR fetch_until <= ?4)'

// What can be fetched again goes as soon as it must. What cannot has a while to be asked for first.
const LEAST_USED = `SELECT name, bytes FROM media
  WHERE sort = ?1 AND bytes IS NOT NULL AND (source IS NOT NULL OR created_at < ?2)
  ORDER BY used_at, created_at LIMIT ?3`
const EMPTY = `UPDATE media
  SET mime = NULL, bytes = NULL, hash = NULL, fetcher = ?2, fetch_until = ?3
  WHERE name ${AMONG} AND bytes IS NOT NULL AND source IS NOT NULL RETURNING name`
const FORGET = `DELETE FROM media
  WHERE name ${AMONG} AND bytes IS NOT NULL AND source IS NULL RETURNING name`
// The time that is left tells what was cleared away from what has not been fetched yet.
const FREE = `UPDATE media SET fetcher = NULL, fetch_until = 0
  WHERE name ${AMONG} AND fetcher = ?2`

const REMOVE_OLD = `DELETE FROM media
  WHERE name IN (SELECT name FROM media WHERE created_at < ?1 LIMIT ?2) RETURNING name`
const REMOVE_UNUSED = `DELETE FROM media WHERE name IN (SELECT name FROM media
  WHERE sort = ?1 AND used_at < ?2 AND bytes IS NULL AND (fetcher IS NULL OR fetch_until <= ?3)
  LIMIT ?4) RETURNING name`
const REMOVE_VIDEOS = `DELETE FROM videos
  WHERE id IN (SELECT id FROM videos WHERE expires_at <= ?1 LIMIT ?2) RETURNING id`

// Rows whose object is not there as far as they know: whoever holds them may remove one that is.
const HOLD = `UPDATE media SET fetcher = ?2, fetch_until = ?3
  WHERE name ${AMONG} AND bytes IS NULL AND ${IS_FREE}`
const KNOWN = `SELECT name AS id FROM media WHERE name ${AMONG} AND fetcher IS NOT ?2
  UNION ALL SELECT id FROM files WHERE id ${AMONG}`

/** Knows what of pictures, videos and files can go. Rows go first, and then it says whose objects to remove. */
export function createMediaCleaning(client: Patient) {
  const idsOf = async (sql: string, args: InValue[]) => idsIn(await client.execute({ sql, args }))

  return {
    /** What of a sort was not asked for for longest, of all that is stored and was made before a time. */
    async leastUsed(sort: MediaSort, before: number, most: number): Promise<Evictable[]> {
      const { rows } = await client.execute({ sql: LEAST_USED, args: [sort, before, most] })
      return rows.map(({ name, bytes }) => ({ name: String(name), bytes: Number(bytes) }))
    },

    /** It is stored no more; what can be fetched again keeps its address, and is held until `free`. */
    async evict(names: readonly string[], { by, until }: Hold): Promise<string[]> {
      const list = JSON.stringify(names)
      const results = await client.batch(
        [
          { sql: EMPTY, args: [list, by, until] },
          { sql: FORGET, args: [list] },
        ],
        'write',
      )
      return results.flatMap(idsIn)
    },

    /** What was held may be fetched again, when somebody asks for it. */
    async free(names: readonly string[], by: string): Promise<void> {
      await client.execute({ sql: FREE, args: [JSON.stringify(names), by] })
    },

    /** Forget what was made before a time, stored or not. */
    removeOld: (before: number, most: number) => idsOf(REMOVE_OLD, [before, most]),

    /** Forget addresses that nobody has asked for since a time, and that nothing is stored for. */
    removeUnused: (sort: MediaSort, since: number, { now, most }: { now: number; most: number }) =>
      idsOf(REMOVE_UNUSED, [sort, since, now, most]),

    /** Forget video jobs that have expired; what they made has an address and limits of its own. */
    removeVideos: (now: number, most: number) => idsOf(REMOVE_VIDEOS, [now, most]),

    /** Which of these objects belong to something; rows that only lack theirs are held until `free`. */
    async known(
      ids: readonly string[],
      { by, until }: Hold,
      now: number,
    ): Promise<ReadonlySet<string>> {
      const list = JSON.stringify(ids)
      const results = await client.batch(
        [
          { sql: HOLD, args: [list, by, until, now] },
          { sql: KNOWN, args: [list, by] },
        ],
        'write',
      )
      return new Set(results.flatMap(idsIn))
    },
  }
}

export type MediaCleaning = ReturnType<typeof createMediaCleaning>

const idsIn = ({ rows }: ResultSet): string[] => rows.map((row) => String(row[0]))
