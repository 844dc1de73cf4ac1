import type { Client } from '@libsql/client/web'
import type { Bucket } from './allowances'
import { gathered } from './gather'

/** A limit of a key in one window. */
export interface LimitWindow {
  readonly keyId: string
  readonly bucket: Bucket
  readonly window: number
  readonly limit: number
}

const NEAR = `SELECT wants.key_id AS key_id, sum(used) * 1.0 / wants.most AS share
  FROM (SELECT key AS position, value ->> 0 AS key_id, value ->> 1 AS bucket, value ->> 2 AS "window",
      value ->> 3 AS most FROM json_each(?1)) AS wants
    CROSS JOIN allowances AS held ON held.key_id = wants.key_id AND held.bucket = wants.bucket
      AND held."window" = wants."window"
  GROUP BY wants.position HAVING share >= ?2`

/** Finds the keys that have used up most of a limit: only these are told, of however many. */
export const createNearLimits =
  (client: Client) =>
  /** @returns the greatest share that each has used, by its id */
  async (limits: readonly LimitWindow[], from: number): Promise<ReadonlyMap<string, number>> => {
    const shares = new Map<string, number>()
    if (limits.length === 0) return shares
    const wants = limits.map(({ keyId, bucket, window, limit }) => [keyId, bucket, window, limit])
    const args = [JSON.stringify(wants), from]
    const { rows } = await gathered(client).execute({ sql: NEAR, args })
    for (const row of rows) {
      const id = String(row.key_id)
      shares.set(id, Math.max(shares.get(id) ?? 0, Number(row.share)))
    }
    return shares
  }
