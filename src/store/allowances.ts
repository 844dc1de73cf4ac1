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
  /** What each other may have taken while the database was away, beyond what it was granted. */
  readonly share?: number
}

/** What an instance holds of a limit, and what is in the hands of others. */
export interface Held {
  readonly granted: number
  readonly others: number
  /** How many other instances that live serve the key too. */
  readonly rivals: number
}

/** A time in which the database was away, of which others may not have told yet. */
export interface Silence {
  /** Who had not spoken for a while before it is gone, and who has spoken since its end has told. */
  readonly from: number
  readonly until: number
}

/** Who asks, and how long the answer holds. */
interface Holder {
  readonly instance: string
  readonly now: number
  readonly expiresAt: number
  readonly silence?: Silence | undefined
  /** How many others may have something to tell of it. */
  readonly expected?: number
}

/** What all others hold of one limit. */
export interface Taken {
  readonly keyId: string
  readonly bucket: Bucket
  readonly window: number
  readonly taken: number
}

/** What keys have used in one window of a bucket. */
export interface KeyUse {
  readonly keyId: string
  readonly bucket: Bucket
  readonly used: number
}

/** Who was at work when the database went away, and has not spoken since. */
const isSilent = (row: string): string =>
  `${row}.spoken_at >= ?5 AND ${row}.spoken_at < ?6 AND ${row}.expires_at > ${row}.spoken_at`

/** The part of a limit that is given again, of all that the dead have not used for sure. */
const FORGIVEN = 100

/**
 * What others have of a limit. Slots come back when their holder is gone. Of everything else nobody knows how
 * much of it the dead have used, so that it counts as used, but for a hundredth of the limit.
 */
const OTHERS = `(
  SELECT CASE WHEN wants.bucket = 'concurrency'
    THEN coalesce(sum(iif(theirs.expires_at > ?1, theirs.granted, 0)), 0)
    ELSE coalesce(sum(theirs.granted), 0)
      - min(most / ${FORGIVEN}, coalesce(sum(iif(theirs.expires_at > ?1, 0, theirs.granted - theirs.used)), 0))
      + share * max(0, coalesce(sum(${isSilent('theirs')}), 0),
        ?7 - coalesce(sum(theirs.spoken_at >= ?6), 0)) END
  FROM allowances theirs
  WHERE theirs.key_id = wants.key_id AND theirs.bucket = wants.bucket
    AND theirs."window" = wants."window" AND theirs.instance <> ?2)`

const RIVALS = `(
  SELECT count(*) FROM allowances theirs
  WHERE theirs.key_id = wants.key_id AND theirs.bucket = wants.bucket
    AND theirs."window" = wants."window" AND theirs.instance <> ?2 AND theirs.expires_at > ?1)`

const WANTS = `WITH wants AS (
  SELECT key AS position, value ->> 0 AS key_id, value ->> 1 AS bucket, value ->> 2 AS "window",
    value ->> 3 AS most, value ->> 4 AS used, value ->> 5 AS wanted, value ->> 6 AS share
  FROM json_each(?3))`

/** Who wants no more than it has used is gone at once. What comes late undoes nothing that was said since. */
const HOLD = `${WANTS}
  INSERT INTO allowances (key_id, bucket, "window", instance, granted, used, expires_at, spoken_at)
  SELECT key_id, bucket, "window", ?2, max(used, min(wanted, most - ${OTHERS})), used,
    iif(bucket <> 'concurrency' AND wanted <= used, ?1, ?4), ?1
  FROM wants WHERE true
  ON CONFLICT DO UPDATE SET granted = excluded.granted, used = excluded.used,
    expires_at = excluded.expires_at, spoken_at = excluded.spoken_at
  WHERE excluded.spoken_at >= allowances.spoken_at`

const READ = `${WANTS}
  SELECT mine.granted AS granted, ${OTHERS} AS others, ${RIVALS} AS rivals
  FROM wants JOIN allowances mine ON mine.key_id = wants.key_id AND mine.bucket = wants.bucket
    AND mine."window" = wants."window" AND mine.instance = ?2
  ORDER BY wants.position`

/** Only the first who asks finds them: to all others, whatever time they missed, they have expired. */
const BOOK = `${WANTS}
  UPDATE allowances SET granted = granted + wants.share, spoken_at = ?6, expires_at = min(expires_at, ?6)
  FROM wants WHERE allowances.key_id = wants.key_id AND allowances.bucket = wants.bucket
    AND allowances."window" = wants."window" AND allowances.instance <> ?2
    AND ${isSilent('allowances')}
    AND wants.bucket <> 'concurrency'`

const LOOK = `SELECT key_id, bucket, "window", sum(granted) AS taken FROM allowances
  WHERE instance <> ?1 AND (key_id, bucket, "window") IN (
    SELECT key_id, bucket, "window" FROM allowances
    WHERE expires_at >= ?2 AND spoken_at >= ?2 AND instance <> ?1 AND bucket <> 'concurrency')
  GROUP BY key_id, bucket, "window" LIMIT ?3`

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

const NONE: Silence = { from: Number.MAX_SAFE_INTEGER, until: 0 }

function argumentsOf(holder: Holder, wants: readonly Want[]) {
  const { instance, now, expiresAt, silence = NONE, expected = 0 } = holder
  const rows = wants.map(({ keyId, bucket, window, limit, used, wanted, share = 0 }) => [
    ...[keyId, bucket, window, limit, used, wanted, share],
  ])
  return [now, instance, JSON.stringify(rows), expiresAt, silence.from, silence.until, expected]
}

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
    async hold(holder: Holder, wants: readonly Want[]): Promise<readonly Held[]> {
      const args = argumentsOf(holder, wants)
      const [, read] = await client.batch(
        [
          { sql: HOLD, args },
          { sql: READ, args },
        ],
        'write',
      )
      return (read?.rows ?? []).map(({ granted, others, rivals }) => ({
        granted: Number(granted),
        others: Number(others),
        rivals: Number(rivals),
      }))
    },

    /** Count what those have taken who were there when the database went away and never spoke again. */
    async book(holder: Holder, wants: readonly Want[]): Promise<void> {
      await client.execute({ sql: BOOK, args: argumentsOf(holder, wants).slice(0, -1) })
    },

    /** What others hold of limits of which one of them has spoken since. */
    async taken(instance: string, since: number, most: number): Promise<readonly Taken[]> {
      const { rows } = await client.execute({ sql: LOOK, args: [instance, since, most] })
      return rows.map(({ key_id, bucket, window, taken }) => ({
        keyId: String(key_id),
        bucket: bucket as Bucket,
        window: Number(window),
        taken: Number(taken),
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
