import type { InValue } from '@libsql/client/web'
import type { Lease } from './lease'
import { videos } from './media-schema'
import type { Patient } from './patient'
import { createReader, insertsOf } from './rows'
import { cutPage, type Page, type PageAsk } from './said-page'

/** A video that a client asked for, and how far it is. */
export type VideoRow = typeof videos.$inferSelect

/** How the making of a video ended. */
export type VideoEnd = Pick<
  VideoRow,
  'status' | 'video' | 'thumbnail' | 'seconds' | 'error' | 'usage' | 'completedAt'
>

const OPEN = "status IN ('queued', 'in_progress')"
const OURS = `id = ?1 AND instance = ?2 AND ${OPEN}`
const AMONG = 'id IN (SELECT value FROM json_each(?))'

const CLAIM = `UPDATE videos SET instance = ?, lease_until = ?, tries = tries + 1
  WHERE id IN (SELECT id FROM videos WHERE ${OPEN} AND lease_until <= ? AND expires_at > ?
    ORDER BY created_at LIMIT ?)
  RETURNING id`
const RENEW = `UPDATE videos SET lease_until = ? WHERE instance = ? AND ${OPEN} AND ${AMONG} RETURNING id`
// Nobody has failed with it: that it was begun here does not count.
const RELEASE = `UPDATE videos SET instance = NULL, lease_until = 0, tries = tries - 1
  WHERE instance = ? AND ${OPEN} AND ${AMONG}`
const DEFER = `UPDATE videos SET instance = NULL, lease_until = ?3, tries = tries - 1 WHERE ${OURS} RETURNING id`
const UNCLAIMED = `SELECT id FROM videos WHERE ${OPEN} AND instance IS NULL AND ${AMONG}`
const ACCEPT = `UPDATE videos SET status = 'in_progress', account_id = ?3, upstream_id = ?4
  WHERE ${OURS} RETURNING id`
const ADVANCE = `UPDATE videos SET status = 'in_progress', progress = ?3 WHERE ${OURS}`
const END = `UPDATE videos SET status = ?3, progress = iif(?3 = 'completed', 100, progress),
    video = ?4, thumbnail = ?5, seconds = ?6, error = ?7, usage = ?8, completed_at = ?9,
    instance = NULL, lease_until = 0
  WHERE ${OURS} RETURNING id`
const LISTED = 'key_id = ?1 AND shape = ?2 AND expires_at > ?3'
const REMOVE = 'DELETE FROM videos WHERE id = ? AND key_id = ? RETURNING id'

/** Prompts may be long, and a libSQL server refuses to say more than 10 MB at once. */
const ROWS = 20

/** Videos in the making and made ones, each of the first with one instance that makes it. */
export function createVideoRows(client: Patient) {
  const read = createReader(client, videos, client)
  const change = async (sql: string, args: InValue[]): Promise<boolean> =>
    (await client.execute({ sql, args })).rows.length > 0

  const readAll = (ids: readonly string[]) => read(`WHERE ${AMONG}`, [JSON.stringify(ids)])

  return {
    async insert(row: VideoRow): Promise<void> {
      await client.batch(insertsOf(videos, [row], ''), 'write')
    },

    async find(keyId: string, id: string, now: number): Promise<VideoRow | undefined> {
      const [row] = await read('WHERE id = ? AND key_id = ? AND expires_at > ?', [id, keyId, now])
      return row
    },

    /** Those of a key that were asked for in a shape. */
    async list(
      { keyId, shape, now }: Pick<VideoRow, 'keyId' | 'shape'> & { readonly now: number },
      ask: PageAsk,
    ): Promise<Page<VideoRow>> {
      const { order, after, limit } = ask
      const [sign, way] = order === 'asc' ? ['>=', 'ASC'] : ['<=', 'DESC']
      const from =
        after === undefined
          ? ''
          : `AND (created_at, id) ${sign} (SELECT created_at, id FROM videos WHERE id = ?5 AND ${LISTED})`
      const { rows } = await client.execute({
        sql: `SELECT id FROM videos WHERE ${LISTED} ${from}
          ORDER BY created_at ${way}, id ${way} LIMIT ?4`,
        args: [keyId, shape, now, ...(after === undefined ? [limit + 1] : [limit + 2, after])],
      })
      const { data, hasMore } = cutPage(
        rows.map(({ id }) => String(id)),
        ask,
      )
      const found = new Map<string, VideoRow>()
      for (let at = 0; at < data.length; at += ROWS)
        for (const row of await readAll(data.slice(at, at + ROWS))) found.set(row.id, row)
      // One may have been removed in between.
      return { data: data.flatMap((id) => found.get(id) ?? []), hasMore }
    },

    /** Says whether it was there: of two who remove it one did. */
    remove: (keyId: string, id: string) => change(REMOVE, [id, keyId]),

    /** Take over videos that nobody makes any more, or did not begin to make. */
    async claim({ instance, expiresAt }: Lease, now: number, most: number): Promise<VideoRow[]> {
      const { rows } = await client.execute({
        sql: CLAIM,
        args: [instance, expiresAt, now, now, most],
      })
      if (rows.length === 0) return []
      const ids = JSON.stringify(rows.map(({ id }) => id))
      return read(`WHERE instance = ? AND ${AMONG} ORDER BY created_at`, [instance, ids])
    },

    /** Keep videos for longer. Gives those that are lost: taken over, removed or over. */
    async renew({ instance, expiresAt }: Lease, ids: readonly string[]): Promise<string[]> {
      const { rows } = await client.execute({
        sql: RENEW,
        args: [expiresAt, instance, JSON.stringify(ids)],
      })
      const held = new Set(rows.map(({ id }) => id))
      return ids.filter((id) => !held.has(id))
    },

    /** Let others have videos at once. */
    async release(instance: string, ids: readonly string[]): Promise<void> {
      await client.execute({ sql: RELEASE, args: [instance, JSON.stringify(ids)] })
    },

    /** Leave one alone until a time, and to whoever comes first then. */
    defer: (id: string, instance: string, until: number) => change(DEFER, [id, instance, until]),

    /** Those of these that nobody makes. */
    async unclaimed(ids: readonly string[]): Promise<ReadonlySet<string>> {
      const { rows } = await client.execute({ sql: UNCLAIMED, args: [JSON.stringify(ids)] })
      return new Set(rows.map(({ id }) => String(id)))
    },

    /** An account has begun; says false when it is not this instance's video any more. */
    accept: (
      id: string,
      instance: string,
      { accountId, upstreamId }: Pick<VideoRow, 'accountId' | 'upstreamId'>,
    ) => change(ACCEPT, [id, instance, accountId, upstreamId]),

    /** Note how far it is, if it is still this instance's. */
    async advance(id: string, instance: string, progress: number): Promise<void> {
      await client.execute({ sql: ADVANCE, args: [id, instance, progress] })
    },

    /** It is over; says false when it is not this instance's video any more. */
    end: (id: string, instance: string, ending: VideoEnd) =>
      change(END, [
        id,
        instance,
        ending.status,
        ending.video,
        ending.thumbnail,
        ending.seconds,
        ending.error && JSON.stringify(ending.error),
        ending.usage && JSON.stringify(ending.usage),
        ending.completedAt,
      ]),
  }
}

export type VideoRows = ReturnType<typeof createVideoRows>
