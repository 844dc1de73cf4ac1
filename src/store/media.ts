import { media } from './media-schema'
import type { Patient } from './patient'
import { createReader, insertsOf } from './rows'

/** A picture or a video that has an address of ours, whether or not it is here already. */
export type MediaRow = typeof media.$inferSelect

export type MediaSort = MediaRow['sort']

/** What the bytes of something showed. */
export interface MediaContent {
  readonly mime: string
  readonly bytes: number
  readonly hash: string
}

/** How many addresses are known, and what is stored of them. */
export interface MediaTotals {
  readonly known: number
  readonly stored: number
  readonly bytes: number
}

/** Which of those that are not here is looked for, to fetch them before anybody asks. */
interface WaitingAsk {
  readonly sort: MediaSort
  readonly since: number
  readonly most: number
  readonly except: readonly string[]
}

const HOUR_MS = 3_600_000

const CLAIM = `UPDATE media SET fetcher = ?2, fetch_until = ?3
  WHERE name = ?1 AND bytes IS NULL AND (fetcher IS NULL OR fetcher = ?2 OR fetch_until <= ?4)
  RETURNING name`
const RELEASE = 'UPDATE media SET fetch_until = ?3 WHERE name = ?1 AND fetcher = ?2'
const STORED = `UPDATE media SET mime = ?3, bytes = ?4, hash = ?5, fetcher = NULL, fetch_until = NULL
  WHERE name = ?1 AND fetcher = ?2 RETURNING name`
const LOST = `UPDATE media SET mime = NULL, bytes = NULL, hash = NULL
  WHERE name = ?1 AND source IS NOT NULL AND hash = ?2`
const LOST_FOR_GOOD = 'DELETE FROM media WHERE name = ?1 AND source IS NULL AND hash = ?2'
const TOUCH = `UPDATE media SET used_at = ?2
  WHERE name IN (SELECT value FROM json_each(?1)) AND used_at < ?2`
const REMOVE = 'DELETE FROM media WHERE name IN (SELECT value FROM json_each(?))'
const TOTALS = `SELECT count(*) AS known, count(bytes) AS stored, coalesce(sum(bytes), 0) AS bytes
  FROM media WHERE sort = ?`
// Nothing was used before it was made, so that the index by use finds it. What was cleared away has a time
// without a fetcher, and is left to whoever asks for it.
const WAITING = `SELECT name FROM media
  WHERE sort = ?1 AND used_at >= ?2 AND bytes IS NULL AND created_at >= ?3 AND source IS NOT NULL
    AND (fetch_until IS NULL OR fetcher IS NOT NULL AND fetch_until <= ?4)
    AND name NOT IN (SELECT value FROM json_each(?5))
  ORDER BY created_at DESC LIMIT ?6`

/** The index of pictures and videos. */
export function createMediaRows(client: Patient, now: () => number) {
  const read = createReader(client, media, client)
  const change = async (sql: string, args: (string | number)[]): Promise<boolean> =>
    (await client.execute({ sql, args })).rows.length > 0

  async function find(name: string): Promise<MediaRow | undefined> {
    const [row] = await read('WHERE name = ?', [name])
    return row
  }

  async function publish(row: MediaRow): Promise<MediaRow> {
    const usedAt = hourOf(row.usedAt)
    const conflict = 'ON CONFLICT (source_hash) DO NOTHING RETURNING name'
    const inserts = insertsOf(media, [{ ...row, usedAt }], conflict)
    const [inserted] = await client.batch(inserts, 'write')
    if (inserted?.rows.length || row.sourceHash === null) return { ...row, usedAt }
    const [known] = await read('WHERE source_hash = ?', [row.sourceHash])
    // Removed in between: then it is as if we had come first.
    return known ?? publish(row)
  }

  return {
    /** Write a row, unless its source has one already; gives the row that is there then. */
    publish,

    find,

    /** What was made since a time, is not here and nobody fetches, the newest first. */
    async waiting({ sort, since, most, except }: WaitingAsk): Promise<string[]> {
      const args = [sort, hourOf(since), since, now(), JSON.stringify(except), most]
      const { rows } = await client.execute({ sql: WAITING, args })
      return rows.map(({ name }) => String(name))
    },

    /** Be the one who fetches it, from now or still; says false when another is, or it is stored. */
    claim: (name: string, fetcher: string, until: number) =>
      change(CLAIM, [name, fetcher, until, now()]),

    /** Whose claim it is says that it is over, and until when the others leave it alone. */
    async release(name: string, fetcher: string, until: number): Promise<void> {
      await client.execute({ sql: RELEASE, args: [name, fetcher, until] })
    },

    /** Whose claim it is has stored it; says false when it is no longer his, or nobody wants it any more. */
    stored: (name: string, fetcher: string, { mime, bytes, hash }: MediaContent) =>
      change(STORED, [name, fetcher, mime, bytes, hash]),

    /** These bytes are gone: it has to be fetched again, and is forgotten where it cannot be. */
    async lost(name: string, hash: string): Promise<void> {
      const args = [name, hash]
      await client.batch(
        [
          { sql: LOST, args },
          { sql: LOST_FOR_GOOD, args },
        ],
        'write',
      )
    },

    /** They were asked for at a time; of more than once an hour nothing is written. */
    async touch(names: readonly string[], at: number): Promise<void> {
      await client.execute({ sql: TOUCH, args: [JSON.stringify(names), hourOf(at)] })
    },

    /** Forget them altogether; their objects are the caller's to remove, after that. */
    async remove(names: readonly string[]): Promise<void> {
      await client.execute({ sql: REMOVE, args: [JSON.stringify(names)] })
    },

    async totals(sort: MediaSort): Promise<MediaTotals> {
      const { rows } = await client.execute({ sql: TOTALS, args: [sort] })
      const [row] = rows
      return { known: Number(row?.known), stored: Number(row?.stored), bytes: Number(row?.bytes) }
    },
  }
}

export type MediaRows = ReturnType<typeof createMediaRows>

/** When the hour of a time began. */
export const hourOf = (at: number): number => at - (at % HOUR_MS)
