import type { InStatement, ResultSet } from '@libsql/client/web'
import { newId } from '../crypto'
import { SetupError, unkept } from '../errors'
import type { Patient } from './patient'

interface ObjectsParts {
  readonly client: Patient
  readonly now: () => number
}

const PART_BYTES = 512 * 1024
/** A libSQL server takes less than 4 MB at once, in base64. */
const PARTS_AT_ONCE = 4
/** Parts that one statement removes: nobody is kept waiting for long. */
const PARTS_REMOVED = 32
/** Objects that one statement names. */
const LISTED = 200

const BEGIN = `INSERT INTO objects (id, parts, bytes, whole, written_at) VALUES (?1, ?1, 0, 0, ?2)`
// Not when it was cleared away meanwhile: nobody would find the part.
const PART = `INSERT INTO object_parts (object_id, part, bytes)
  SELECT ?1, ?2, ?3 WHERE EXISTS (SELECT 1 FROM objects WHERE id = ?1)`
const GROW = 'UPDATE objects SET bytes = ?2, written_at = ?3 WHERE id = ?1'
const REPLACE = 'UPDATE objects SET id = parts, whole = 0, written_at = ?2 WHERE id = ?1'
const COMMIT = 'UPDATE objects SET id = ?4, whole = 1, bytes = ?2, written_at = ?3 WHERE id = ?1'

// With its first piece: most pictures have no more.
const OPEN = `SELECT parts,
    (SELECT substr(bytes, ?3, ?4) FROM object_parts WHERE object_id = parts AND part = ?5) AS piece
  FROM objects WHERE id = ?1 AND whole = 1 AND bytes >= ?2`
const PIECE =
  'SELECT substr(bytes, ?3, ?4) AS piece FROM object_parts WHERE object_id = ?1 AND part = ?2'

const LIST = `SELECT id, whole, written_at FROM objects
  WHERE (written_at, id) > (?1, ?2) AND written_at < ?3 ORDER BY written_at, id LIMIT ?4`

const LENGTHS = `SELECT id, bytes FROM objects
  WHERE whole = 1 AND id IN (SELECT value FROM json_each(?))`

const HIDE = `UPDATE objects SET id = parts, whole = 0
  WHERE id IN (SELECT value FROM json_each(?)) RETURNING parts`
const REMOVE_PARTS = `DELETE FROM object_parts WHERE rowid IN (SELECT rowid FROM object_parts
  WHERE object_id IN (SELECT value FROM json_each(?)) LIMIT ${PARTS_REMOVED})`
const REMOVE = `DELETE FROM objects WHERE id IN (SELECT value FROM json_each(?))
  AND NOT EXISTS (SELECT 1 FROM object_parts WHERE object_id = objects.id)`

/** Objects in the database, in parts: for where there is neither a directory nor a bucket. */
export function createObjects(parts: ObjectsParts) {
  const { now } = parts
  const client = explaining(parts.client)

  async function removeSome(ids: readonly string[]): Promise<void> {
    const { rows } = await client.execute({ sql: HIDE, args: [JSON.stringify(ids)] })
    if (rows.length === 0) return
    const args = [JSON.stringify(rows.map(({ parts }) => parts))]
    for (let removed = PARTS_REMOVED; removed === PARTS_REMOVED; )
      removed = (await client.execute({ sql: REMOVE_PARTS, args })).rowsAffected
    await client.execute({ sql: REMOVE, args })
  }

  async function remove(ids: readonly string[]): Promise<void> {
    for (let from = 0; from < ids.length; from += LISTED)
      await removeSome(ids.slice(from, from + LISTED))
  }

  async function pieceOf(parts: string, from: number, to: number): Promise<Uint8Array> {
    const { part, start, length } = pieceAt(from, to)
    const args = [parts, part, start, length]
    return bytesIn(await client.execute({ sql: PIECE, args }))
  }

  return {
    async create(id: string) {
      const parts = `${id}~${newId()}`
      /** What is not in the database yet: whole parts, and the one that is being filled. */
      let waiting: Uint8Array[] = []
      let last = new Uint8Array(0)
      let filled = 0
      let stored = 0
      let isBegun = false

      const written = () => (stored + waiting.length) * PART_BYTES + filled

      async function store(some: readonly Uint8Array[], then: readonly InStatement[]) {
        const statements: InStatement[] = isBegun ? [] : [{ sql: BEGIN, args: [parts, now()] }]
        for (const [at, bytes] of some.entries())
          statements.push({
            sql: PART,
            args: [parts, stored + at, bytes as Uint8Array<ArrayBuffer>],
          })
        const results = await client.batch([...statements, ...then], 'write')
        isBegun = true
        if (results.at(-1)?.rowsAffected !== 1)
          throw new Error('An object was cleared away while it was being written.')
      }

      async function storeWaiting(): Promise<void> {
        const bytes = (stored + waiting.length) * PART_BYTES
        await store(waiting, [{ sql: GROW, args: [parts, bytes, now()] }])
        stored += waiting.length
        waiting = []
      }

      return {
        async write(bytes: Uint8Array): Promise<void> {
          for (let at = 0; at < bytes.length; ) {
            if (last.length === 0) last = new Uint8Array(PART_BYTES)
            const some = bytes.subarray(at, at + PART_BYTES - filled)
            last.set(some, filled)
            filled += some.length
            at += some.length
            if (filled < PART_BYTES) return
            waiting.push(last)
            last = new Uint8Array(0)
            filled = 0
            if (waiting.length === PARTS_AT_ONCE) await storeWaiting()
          }
        },

        async read(from: number, to: number): Promise<ReadableStream<Uint8Array>> {
          return streamOf(from, to, async (at) => {
            const { part, start, length } = pieceAt(at, to)
            if (part < stored) return pieceOf(parts, at, to)
            const bytes = waiting[part - stored] ?? last
            return bytes.slice(start - 1, start - 1 + length)
          })
        },

        async commit(): Promise<void> {
          const bytes = written()
          const rest = filled > 0 ? [...waiting, last.subarray(0, filled)] : waiting
          await store(rest, [
            { sql: REPLACE, args: [id, now()] },
            { sql: COMMIT, args: [parts, bytes, now(), id] },
          ])
        },

        async abort(): Promise<void> {
          // What cannot be removed now is left for the cleaner.
          if (isBegun) await remove([parts]).catch(() => undefined)
        },
      }
    },

    async open(
      id: string,
      from: number,
      to: number,
    ): Promise<ReadableStream<Uint8Array> | undefined> {
      const { part, start, length } = pieceAt(from, to)
      const found = await client.execute({ sql: OPEN, args: [id, to, start, length, part] })
      const [row] = found.rows
      if (!row) return
      let first: Uint8Array | undefined = bytesIn(found)
      return streamOf(from, to, (at) => {
        if (!first) return pieceOf(String(row.parts), at, to)
        const piece = first
        first = undefined
        return piece
      })
    },

    remove,

    /** How many bytes these have; of what is not there nothing. */
    async lengths(ids: readonly string[]): Promise<ReadonlyMap<string, number>> {
      const { rows } = await client.execute({ sql: LENGTHS, args: [JSON.stringify(ids)] })
      return new Map(rows.map(({ id, bytes }) => [String(id), Number(bytes)]))
    },

    async *list(before: number) {
      let last = [-1, ''] as [number, string]
      for (;;) {
        const { rows } = await client.execute({ sql: LIST, args: [...last, before, LISTED] })
        if (rows.length > 0)
          yield rows.map(({ id, whole }) => ({ id: String(id), whole: whole === 1 }))
        const final = rows.at(-1)
        if (!final || rows.length < LISTED) return
        last = [Number(final.written_at), String(final.id)]
      }
    },
  }
}

/** Says what is wrong with the database in place of its own words. */
function explaining(client: Patient): Patient {
  const explained = <T>(answer: Promise<T>): Promise<T> =>
    answer.catch((cause) => {
      const says = cause instanceof Error ? cause.message : cause
      throw unkept(
        new SetupError(
          `The database does not keep or give the bytes of media: ${says}`,
          'Check DATABASE_URL, the network, and how much room there is for the database.',
          cause,
        ),
      )
    })
  return {
    execute: (...parts: Parameters<Patient['execute']>) => explained(client.execute(...parts)),
    batch: (...parts: Parameters<Patient['batch']>) => explained(client.batch(...parts)),
  }
}

/** Where a position is, as SQL counts, and how much of what is wanted lies in the same part. */
function pieceAt(from: number, to: number) {
  const part = Math.floor(from / PART_BYTES)
  const offset = from - part * PART_BYTES
  return { part, start: offset + 1, length: Math.min(PART_BYTES - offset, to - from) }
}

/** SQLite inside Bun and a server each have their own form of bytes. */
function bytesIn({ rows }: ResultSet): Uint8Array {
  const piece = rows[0]?.piece
  return piece instanceof ArrayBuffer ? new Uint8Array(piece) : ((piece ?? NOTHING) as Uint8Array)
}

const NOTHING = new Uint8Array(0)

/** Asks for the next piece when its reader does. */
function streamOf(
  from: number,
  to: number,
  pieceFrom: (at: number) => Promise<Uint8Array> | Uint8Array,
): ReadableStream<Uint8Array> {
  let at = from
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        if (at >= to) return controller.close()
        const piece = await pieceFrom(at)
        if (piece.length === 0) throw new Error('An object ends too early.')
        at += piece.length
        controller.enqueue(piece)
      },
    },
    { highWaterMark: 0 },
  )
}
