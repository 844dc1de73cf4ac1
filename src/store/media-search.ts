import type { InValue } from '@libsql/client/web'
import type { MediaRow, MediaSort, MediaTotals } from './media'
import type { Patient } from './patient'

/** By what media are ordered: what was used, or made, last, or is the largest comes first. */
export const MEDIA_ORDERS = ['used', 'made', 'size'] as const
export type MediaOrder = (typeof MEDIA_ORDERS)[number]

export const MEDIA_SORTS = ['image', 'video'] as const satisfies readonly MediaSort[]

/** What of all media is looked for; what is absent does not matter. */
export interface MediaSearch {
  readonly sort?: MediaSort | undefined
  /** Whether its bytes are here. */
  readonly isKept?: boolean | undefined
  readonly accountId?: string | undefined
  /** A part of its name, or of its model's. */
  readonly text?: string | undefined
  readonly order: MediaOrder
  readonly limit: number
  /** Where the page before ended. */
  readonly after?: MediaPlace | undefined
}

/** Where something stands in an order. */
export interface MediaPlace {
  readonly rank: number
  readonly name: string
}

/** A picture or a video, as operators see it. */
export interface FoundMedia
  extends Pick<
    MediaRow,
    'name' | 'sort' | 'accountId' | 'keyId' | 'model' | 'mime' | 'bytes' | 'createdAt' | 'usedAt'
  > {
  /** Of the key that it was made for; null where there is no such key any more. */
  readonly keyName: string | null
  /** Whether it is somewhere else too. */
  readonly hasSource: boolean
  readonly rank: number
}

/** What was removed: its object is the caller's to remove then. */
export interface RemovedMedia {
  readonly name: string
  readonly sort: MediaSort
  readonly bytes: number
}

const RANKS: Readonly<Record<MediaOrder, string>> = {
  used: 'used_at',
  made: 'created_at',
  size: 'coalesce(bytes, 0)',
}

const COLUMNS = `name, sort, account_id AS accountId, key_id AS keyId, model, mime, bytes,
  source IS NOT NULL AS hasSource, created_at AS createdAt, used_at AS usedAt`
const ORDERED = 'ORDER BY rank DESC, name DESC LIMIT ?'

const TOTALS = `SELECT sort, count(*) AS known, count(bytes) AS stored, coalesce(sum(bytes), 0) AS bytes
  FROM media GROUP BY sort`
const GONE = 'RETURNING name, sort, coalesce(bytes, 0) AS bytes'
const REMOVE = `DELETE FROM media WHERE name IN (SELECT value FROM json_each(?)) ${GONE}`
const REMOVE_SOME = `DELETE FROM media WHERE name IN (SELECT name FROM media
  WHERE sort = ? AND created_at <= ? LIMIT ?) ${GONE}`

const NONE: MediaTotals = { known: 0, stored: 0, bytes: 0 }

/** What operators want to know of all media, and to have removed. */
export function createMediaSearch(client: Patient) {
  return {
    async find({ sort, limit, ...wanted }: MediaSearch): Promise<FoundMedia[]> {
      const rank = RANKS[wanted.order]
      const { conditions, args } = conditionsOf(wanted, rank)
      // Sort by sort, as the index by use has them.
      const sorts = sort ? [sort] : MEDIA_SORTS
      const all = sorts.map(
        () => `SELECT * FROM (SELECT ${COLUMNS}, ${rank} AS rank FROM media
          WHERE ${['sort = ?', ...conditions].join(' AND ')} ${ORDERED})`,
      )
      const { rows } = await client.execute({
        sql: `SELECT *, (SELECT keys.name FROM keys WHERE keys.id = keyId) AS keyName
          FROM (${all.join(' UNION ALL ')}) ${ORDERED}`,
        args: [...sorts.flatMap((one) => [one, ...args, limit]), limit],
      })
      return rows.map(
        (row) => ({ ...row, hasSource: row.hasSource === 1 }) as unknown as FoundMedia,
      )
    },

    async totals(): Promise<Readonly<Record<MediaSort, MediaTotals>>> {
      const { rows } = await client.execute(TOTALS)
      const of = (sort: MediaSort): MediaTotals => {
        const found = rows.find((row) => row.sort === sort)
        if (!found) return NONE
        const { known, stored, bytes } = found
        return { known: Number(known), stored: Number(stored), bytes: Number(bytes) }
      }
      return { image: of('image'), video: of('video') }
    },

    /** Forget those of them that are there. */
    async remove(names: readonly string[]): Promise<RemovedMedia[]> {
      const { rows } = await client.execute({ sql: REMOVE, args: [JSON.stringify(names)] })
      return rows as unknown as RemovedMedia[]
    },

    /** Forget some of a sort that were there at a time. */
    async removeSome(sort: MediaSort, before: number, most: number): Promise<RemovedMedia[]> {
      const { rows } = await client.execute({ sql: REMOVE_SOME, args: [sort, before, most] })
      return rows as unknown as RemovedMedia[]
    },
  }
}

function conditionsOf(wanted: Omit<MediaSearch, 'sort' | 'limit'>, rank: string) {
  const { isKept, accountId, text, after } = wanted
  const conditions: string[] = []
  const args: InValue[] = []
  if (isKept !== undefined) conditions.push(isKept ? 'bytes IS NOT NULL' : 'bytes IS NULL')
  if (accountId) {
    conditions.push('account_id = ?')
    args.push(accountId)
  }
  if (text) {
    conditions.push('(instr(name, ?) > 0 OR instr(lower(model), ?) > 0)')
    args.push(text.toLowerCase(), text.toLowerCase())
  }
  if (after) {
    conditions.push(`(${rank}, name) < (?, ?)`)
    args.push(after.rank, after.name)
  }
  return { conditions, args }
}
