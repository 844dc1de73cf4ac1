import type { InValue } from '@libsql/client/web'
import type { files } from './media-schema'
import type { Patient } from './patient'
import { cutPage, type Page, type PageAsk } from './said-page'

/** A file as its row says. */
export type FileRow = typeof files.$inferSelect

/** Which files of a key a client wants to see. */
export interface FilesAsk extends PageAsk {
  readonly purpose: string | undefined
}

/** When a file is there: it has not expired by then, and was made after this. */
export interface Living {
  readonly now: number
  readonly since: number
}

const COLUMNS = `id, key_id AS keyId, filename, purpose, mime, bytes, hash, created_at AS createdAt,
  expires_at AS expiresAt`
const LIVING = '(expires_at IS NULL OR expires_at > ?2) AND created_at > ?3'
const OWN = `key_id = ?1 AND ${LIVING}`
// The sign keeps SQLite from going through all files of the key for one.
const GET = `SELECT ${COLUMNS} FROM files
  WHERE id IN (SELECT value FROM json_each(?4)) AND +key_id = ?1 AND ${LIVING}`
const SIZE = `SELECT coalesce(sum(bytes), 0) AS bytes FROM files WHERE ${OWN}`

// Together with others that come at the same time it still is within the limit.
const INSERT = `INSERT INTO files (key_id, id, filename, purpose, mime, bytes, hash, created_at, expires_at)
  SELECT ?1, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11 WHERE ?8 + (${SIZE}) <= ?12`

const REMOVE = `DELETE FROM files WHERE ${OWN} AND id = ?4 RETURNING id`
const FORGET_COPIES = `DELETE FROM file_copies WHERE file_id = ?1
  AND NOT EXISTS (SELECT 1 FROM files WHERE id = ?1)`

const EXPIRED = `DELETE FROM files WHERE id IN (SELECT id FROM files
  WHERE expires_at <= ?1 OR created_at <= ?2 AND key_id <> '' LIMIT ?3) RETURNING id`
const OLD_COPIES = 'DELETE FROM file_copies WHERE expires_at <= ?'

const COPY = `SELECT upstream_id AS upstreamId FROM file_copies
  WHERE file_id = ? AND account_id = ? AND expires_at > ?`
const KEEP_COPY = `INSERT INTO file_copies (file_id, account_id, upstream_id, created_at, expires_at)
  VALUES (?, ?, ?, ?, ?) ON CONFLICT (file_id, account_id)
  DO UPDATE SET upstream_id = excluded.upstream_id, created_at = excluded.created_at,
    expires_at = excluded.expires_at`
const FORGET_COPY = 'DELETE FROM file_copies WHERE file_id = ? AND account_id = ?'

/** What an account's upstream calls a file that was passed on to it. */
export interface FileCopy {
  readonly fileId: string
  readonly accountId: string
  readonly upstreamId: string
  readonly createdAt: number
  readonly expiresAt: number
}

/** Files of clients, and where copies of them are. */
export function createFileRows(client: Patient) {
  return {
    /** Those of a key's files that are there. */
    async find(
      keyId: string,
      ids: readonly string[],
      { now, since }: Living,
    ): Promise<readonly FileRow[]> {
      const args = [keyId, now, since, JSON.stringify(ids)]
      const { rows } = await client.execute({ sql: GET, args })
      return rows as unknown as FileRow[]
    },

    /** What the files of a key weigh together, in bytes. */
    async size(keyId: string, { now, since }: Living): Promise<number> {
      const { rows } = await client.execute({ sql: SIZE, args: [keyId, now, since] })
      return Number(rows[0]?.bytes)
    },

    /** Whether there was room for it, with all others of its key. */
    async insert(row: FileRow, { now, since }: Living, mostBytes: number): Promise<boolean> {
      const args = [
        row.keyId,
        now,
        since,
        row.id,
        row.filename,
        row.purpose,
        row.mime,
        row.bytes,
        row.hash,
        row.createdAt,
        row.expiresAt,
        mostBytes,
      ]
      return (await client.execute({ sql: INSERT, args })).rowsAffected === 1
    },

    /** @throws ApiError when there is no file to go on after */
    async list(keyId: string, ask: FilesAsk, { now, since }: Living): Promise<Page<FileRow>> {
      const { order, after, limit, purpose } = ask
      const args: InValue[] = [keyId, now, since, after ?? null, purpose ?? null]
      const conditions = [OWN, '(?5 IS NULL OR purpose = ?5 OR id = ?4)']
      const sign = order === 'asc' ? '>=' : '<='
      if (after !== undefined)
        conditions.push(
          `(created_at, id) ${sign} (SELECT created_at, id FROM files WHERE id = ?4 AND ${OWN})`,
        )
      const sql = `SELECT ${COLUMNS} FROM files WHERE ${conditions.join(' AND ')}
        ORDER BY created_at ${order}, id ${order} LIMIT ?6`
      args.push(limit + (after === undefined ? 1 : 2))
      const { rows } = await client.execute({ sql, args })
      return cutPage(rows as unknown as FileRow[], ask)
    },

    /** Says whether it was there. */
    async remove(keyId: string, id: string, { now, since }: Living): Promise<boolean> {
      const [removed] = await client.batch(
        [
          { sql: REMOVE, args: [keyId, now, since, id] },
          { sql: FORGET_COPIES, args: [id] },
        ],
        'write',
      )
      return removed?.rows.length === 1
    },

    /** Remove those that have expired, no more than so many, and say which: their objects remain. */
    async removeExpired({ now, since }: Living, most: number): Promise<readonly string[]> {
      const [removed] = await client.batch(
        [
          { sql: EXPIRED, args: [now, since, most] },
          { sql: OLD_COPIES, args: [now] },
        ],
        'write',
      )
      return removed?.rows.map(({ id }) => String(id)) ?? []
    },

    /** What an account's upstream calls a file; undefined where it does not have it, or no more. */
    async copy(fileId: string, accountId: string, now: number): Promise<string | undefined> {
      const { rows } = await client.execute({ sql: COPY, args: [fileId, accountId, now] })
      return rows[0] && String(rows[0].upstreamId)
    },

    async keepCopy(copy: FileCopy): Promise<void> {
      const { fileId, accountId, upstreamId, createdAt, expiresAt } = copy
      const args = [fileId, accountId, upstreamId, createdAt, expiresAt]
      await client.execute({ sql: KEEP_COPY, args })
    },

    async forgetCopy(fileId: string, accountId: string): Promise<void> {
      await client.execute({ sql: FORGET_COPY, args: [fileId, accountId] })
    },
  }
}

export type FileRows = ReturnType<typeof createFileRows>
