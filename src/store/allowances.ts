import type { Client } from '@libsql/client/web'

/** What of a key is limited. */
export type Bucket =
  | 'concurrency'
  | 'requests'
  | 'tokens'
  | 'chat'
  | 'heavy'
  | 'image'
  | 'video'
  | 'cost'
  | 'cost-month'

/** What an instance would like to hold of one limit in one window. */
export interface Want {
  readonly keyId: string
  readonly bucket: Bucket
  /** The number of the minute, day or month. */
  readonly window: number
  readonly limit: number
  /** What it has used already, and how much it wants to hold altogether, that included. */
  readonly used: number
  readonly wanted: number
}

/** What an instance holds of a limit, and what is in the hands of others. */
export interface Held {
  readonly granted: number
  readonly others: number
  /** Whether another instance that lives serves the key too. */
  readonly hasRivals: boolean
}

/** Who asks, and how long the answer holds. */
interface Holder {
  readonly instance: string
  readonly now: number
  readonly expiresAt: number
}

/** What keys have used in one window of a bucket. */
export interface KeyUse {
  readonly keyId: string
  readonly bucket: Bucket
  readonly used: number
}

/** What another instance has of a limit: all it was granted while it lives, else what it used. */
const OTHERS = `(
  SELECT coalesce(sum(CASE WHEN theirs.expires_at > ?1 THEN theirs.granted ELSE theirs.used END), 0)
  FROM allowances theirs
  WHERE theirs.key_id = wants.key_id AND theirs.bucket = wants.bucket
    AND theirs."window" = wants."window" AND theirs.instance <> ?2)`

const HAS_RIVALS = `EXISTS (
  SELECT 1 FROM allowances theirs
  WHERE theirs.key_id = wants.key_id AND theirs.bucket = wants.bucket
    AND theirs."window" = wants."window" AND theirs.instance <> ?2 AND theirs.expires_at > ?1)`

const WANTS = `WITH wants AS (
  SELECT key AS position, value ->> 0 AS key_id, value ->> 1 AS bucket, value ->> 2 AS "window",
    value ->> 3 AS most, value ->> 4 AS used, value ->> 5 AS wanted
  FROM json_each(?3))`

const HOLD = `${WANTS}
  INSERT INTO allowances (key_id, bucket, "window", instance, granted, used, expires_at)
  SELECT key_id, bucket, "window", ?2, max(used, min(wanted, most - ${OTHERS})), used, ?4
  FROM wants WHERE true
  ON CONFLICT DO UPDATE
  SET granted = excluded.granted, used = excluded.used, expires_at = excluded.expires_at`

const READ = `${WANTS}
  SELECT mine.granted AS granted, ${OTHERS} AS others, ${HAS_RIVALS} AS has_rivals
  FROM wants JOIN allowances mine ON mine.key_id = wants.key_id AND mine.bucket = wants.bucket
    AND mine."window" = wants."window" AND mine.instance = ?2
  ORDER BY wants.position`

const USE = `SELECT key_id, bucket, sum(
    CASE WHEN bucket <> 'concurrency' THEN used WHEN expires_at > ? THEN granted ELSE 0 END) AS used
  FROM allowances
  WHERE (bucket, "window") IN (SELECT value ->> 0, value ->> 1 FROM json_each(?))`
const OF_KEYS = ' AND key_id IN (SELECT value FROM json_each(?))'
const BY_KEY = ' GROUP BY key_id, bucket'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

/** A row goes when its window is certainly over, by when its instance last wrote it. */
const PRUNE = `DELETE FROM allowances WHERE expires_at < ?1 AND (
  bucket IN ('concurrency', 'requests', 'tokens')
  OR expires_at < ?2 AND bucket <> 'cost-month'
  OR expires_at < ?3)`

/** What instances hold of the limits of keys. */
export function createAllowances(client: Client) {
  return {
    /**
     * Hold as much as is wanted of each limit, as far as others have left it, and say what was used.
     *
     * Wants are absolute: asking twice, or again after an answer was lost, takes nothing twice, and
     * asking for less gives back.
     *
     * @returns what is held, in the order of the wants
     */
    async hold(
      { instance, now, expiresAt }: Holder,
      wants: readonly Want[],
    ): Promise<readonly Held[]> {
      const rows = JSON.stringify(
        wants.map(({ keyId, bucket, window, limit, used, wanted }) => [
          keyId,
          bucket,
          window,
          limit,
          used,
          wanted,
        ]),
      )
      const [, read] = await client.batch(
        [
          { sql: HOLD, args: [now, instance, rows, expiresAt] },
          { sql: READ, args: [now, instance, rows] },
        ],
        'write',
      )
      return (read?.rows ?? []).map(({ granted, others, has_rivals }) => ({
        granted: Number(granted),
        others: Number(others),
        hasRivals: Number(has_rivals) > 0,
      }))
    },

    /** What these keys, or all, have used in these windows; of `concurrency`, what is held now. */
    async used(
      windows: readonly (readonly [bucket: Bucket, window: number])[],
      now: number,
      keyIds?: readonly string[],
    ): Promise<readonly KeyUse[]> {
      const args = [now, JSON.stringify(windows)]
      const { rows } = await client.execute(
        keyIds
          ? { sql: USE + OF_KEYS + BY_KEY, args: [...args, JSON.stringify(keyIds)] }
          : { sql: USE + BY_KEY, args },
      )
      return rows.map(({ key_id, bucket, used }) => ({
        keyId: String(key_id),
        bucket: bucket as Bucket,
        used: Number(used),
      }))
    },

    /** Forget windows that are long over. */
    async prune(now: number): Promise<void> {
      const args = [now - HOUR_MS, now - 3 * DAY_MS, now - 40 * DAY_MS]
      await client.execute({ sql: PRUNE, args })
    },
  }
}

export type Allowances = ReturnType<typeof createAllowances>
