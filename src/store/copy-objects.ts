import type { InValue } from '@libsql/client/web'
import type { Patient } from './patient'

/** An object that a row of the source refers to. */
export interface WantedObject {
  readonly id: string
  readonly bytes: number
  /** SHA-256 of its bytes, as its row says. */
  readonly hash: string
  /** Whether it can be fetched again from where it was made. */
  readonly hasSource: boolean
}

const AT_ONCE = 200

const ASKS = [
  `SELECT rowid AS place, name AS id, bytes, hash, source IS NOT NULL AS has_source FROM media
    WHERE bytes IS NOT NULL AND rowid > ? ORDER BY rowid LIMIT ${AT_ONCE}`,
  `SELECT rowid AS place, id, bytes, hash, 0 AS has_source FROM files
    WHERE rowid > ? ORDER BY rowid LIMIT ${AT_ONCE}`,
]

const KNOWN = `SELECT name AS id, bytes, hash FROM media WHERE name IN (SELECT value FROM json_each(?1))
  UNION ALL SELECT id, bytes, hash FROM files WHERE id IN (SELECT value FROM json_each(?1))`

/** Everything that rows of pictures, videos and files refer to, a few at a time. */
export async function* wantedObjects(
  source: Pick<Patient, 'execute'>,
): AsyncIterable<readonly WantedObject[]> {
  for (const sql of ASKS)
    for (let place: InValue = 0; ; ) {
      const { rows } = await source.execute({ sql, args: [place] })
      const last = rows.at(-1)
      if (!last) break
      yield rows.map(({ id, bytes, hash, has_source }) => ({
        id: String(id),
        bytes: Number(bytes),
        hash: String(hash),
        hasSource: Number(has_source) === 1,
      }))
      place = last.place as InValue
    }
}

/** How many there are, and what they weigh together. */
export async function sumOfObjects(
  source: Pick<Patient, 'execute'>,
): Promise<{ readonly count: number; readonly bytes: number }> {
  const { rows } = await source.execute(
    `SELECT count(*) AS count, coalesce(sum(bytes), 0) AS bytes FROM (
      SELECT bytes FROM media WHERE bytes IS NOT NULL UNION ALL SELECT bytes FROM files)`,
  )
  return { count: Number(rows[0]?.count), bytes: Number(rows[0]?.bytes) }
}

/** Those that the target has rows of already, which came there behind their objects. */
export async function knownObjects(
  target: Pick<Patient, 'execute'>,
  wanted: readonly WantedObject[],
): Promise<ReadonlySet<string>> {
  const { rows } = await target.execute({
    sql: KNOWN,
    args: [JSON.stringify(wanted.map(({ id }) => id))],
  })
  const found = new Map(rows.map(({ id, bytes, hash }) => [String(id), `${bytes} ${hash}`]))
  const same = wanted.filter(({ id, bytes, hash }) => found.get(id) === `${bytes} ${hash}`)
  return new Set(same.map(({ id }) => id))
}
