import type { InValue } from '@libsql/client/web'
import type { FileRow, Living } from './files'
import type { Patient } from './patient'

/** By what files are ordered: the largest, or what was made last comes first. */
export const FILE_ORDERS = ['size', 'made'] as const
export type FileOrder = (typeof FILE_ORDERS)[number]

/** Which files of all keys are looked for; what is absent does not matter. */
export interface FileSearch {
  readonly keyId?: string | undefined
  /** A part of its name or its id. */
  readonly text?: string | undefined
  readonly order: FileOrder
  readonly limit: number
  /** Where the page before ended. */
  readonly after?: { readonly rank: number; readonly id: string } | undefined
}

/** A file, as operators see it. */
export interface FoundFile extends Omit<FileRow, 'hash'> {
  /** Null where there is no such key any more. */
  readonly keyName: string | null
  readonly rank: number
}

/** What was removed: its object is the caller's to remove then. */
export type RemovedFile = Pick<FileRow, 'id' | 'filename' | 'bytes' | 'keyId'>

const RANKS: Readonly<Record<FileOrder, string>> = { size: 'bytes', made: 'created_at' }

// What is kept for a job belongs to that job, and to no key.
const LIVING = "key_id <> '' AND (expires_at IS NULL OR expires_at > ?) AND created_at > ?"
const COLUMNS = `id, key_id AS keyId, filename, purpose, mime, bytes, created_at AS createdAt,
  expires_at AS expiresAt, (SELECT keys.name FROM keys WHERE keys.id = key_id) AS keyName`
const TOTALS = `SELECT count(*) AS count, coalesce(sum(bytes), 0) AS bytes FROM files WHERE ${LIVING}`
const REMOVE = `DELETE FROM files WHERE id IN (SELECT value FROM json_each(?)) AND key_id <> ''
  RETURNING id, filename, bytes, key_id AS keyId`
const FORGET_COPIES = `DELETE FROM file_copies WHERE file_id IN (SELECT value FROM json_each(?))
  AND NOT EXISTS (SELECT 1 FROM files WHERE files.id = file_id)`

/** What operators want to know of the files of all keys, and to have removed. */
export function createFileSearch(client: Patient) {
  return {
    async find(wanted: FileSearch, { now, since }: Living): Promise<FoundFile[]> {
      const { keyId, text, order, limit, after } = wanted
      const conditions = [LIVING]
      const args: InValue[] = [now, since]
      if (keyId) {
        conditions.push('key_id = ?')
        args.push(keyId)
      }
      if (text) {
        conditions.push('(instr(lower(filename), ?) > 0 OR id = ?)')
        args.push(text.toLowerCase(), text)
      }
      if (after) {
        conditions.push(`(${RANKS[order]}, id) < (?, ?)`)
        args.push(after.rank, after.id)
      }
      const { rows } = await client.execute({
        sql: `SELECT ${COLUMNS}, ${RANKS[order]} AS rank FROM files
          WHERE ${conditions.join(' AND ')} ORDER BY rank DESC, id DESC LIMIT ?`,
        args: [...args, limit],
      })
      return rows as unknown as FoundFile[]
    },

    async totals({
      now,
      since,
    }: Living): Promise<{ readonly count: number; readonly bytes: number }> {
      const { rows } = await client.execute({ sql: TOTALS, args: [now, since] })
      return { count: Number(rows[0]?.count), bytes: Number(rows[0]?.bytes) }
    },

    /** Forget those of them that are there, whosever they are. */
    async remove(ids: readonly string[]): Promise<readonly RemovedFile[]> {
      const args = [JSON.stringify(ids)]
      const [removed] = await client.batch(
        [
          { sql: REMOVE, args },
          { sql: FORGET_COPIES, args },
        ],
        'write',
      )
      return (removed?.rows ?? []) as unknown as RemovedFile[]
    },
  }
}
