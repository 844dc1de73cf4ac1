import type { Client } from '@libsql/client/web'
import type { Lease } from './lease'

/** What upstreams are asked about accounts: for models, for quotas, for them after turns, and whether they work. */
export type AskKind = 'models' | 'quota' | 'use' | 'check'

/** Something that is to be asked about, unless somebody has done so since. */
export interface Wanted {
  readonly subject: string
  readonly since: number
}

/** When another instance has asked, and until when it is taken to be at it; 0 when it is done. */
export interface Asked {
  readonly askedAt: number
  readonly expiresAt: number
}

const SINCE = '(SELECT value ->> 1 FROM json_each(?1) WHERE value ->> 0 = asks.subject)'

const TAKE = `INSERT INTO asks (kind, subject, instance, asked_at, expires_at)
  SELECT ?2, value ->> 0, ?3, ?4, ?5 FROM json_each(?1) WHERE true
  ON CONFLICT (kind, subject) DO UPDATE SET instance = excluded.instance,
    asked_at = excluded.asked_at, expires_at = excluded.expires_at
  WHERE asks.asked_at <= ${SINCE} OR (asks.expires_at > 0 AND asks.expires_at <= excluded.asked_at)
  RETURNING subject`
const KNOWN = `SELECT subject, asked_at, expires_at FROM asks
  WHERE kind = ?2 AND subject IN (SELECT value ->> 0 FROM json_each(?1))`
const END = `UPDATE asks SET expires_at = 0
  WHERE kind = ? AND instance = ? AND subject IN (SELECT value FROM json_each(?))`

/** Which instance asks upstreams what: what one asks the others need not. */
export const createAsks = (client: Client) => ({
  /** Take on what nobody asks; gives the others, with who was before. */
  async take(
    kind: AskKind,
    wanted: readonly Wanted[],
    { instance, expiresAt }: Lease,
    now: number,
  ): Promise<ReadonlyMap<string, Asked>> {
    const wants = JSON.stringify(wanted.map(({ subject, since }) => [subject, Math.floor(since)]))
    const [taken, known] = await client.batch(
      [
        { sql: TAKE, args: [wants, kind, instance, now, expiresAt] },
        { sql: KNOWN, args: [wants, kind] },
      ],
      'write',
    )
    const own = new Set(taken?.rows.map(({ subject }) => subject))
    const others = (known?.rows ?? []).filter(({ subject }) => !own.has(subject))
    return new Map(
      others.map(({ subject, asked_at, expires_at }) => [
        String(subject),
        { askedAt: Number(asked_at), expiresAt: Number(expires_at) },
      ]),
    )
  },

  /** These were asked, whatever came of it. */
  async end(kind: AskKind, subjects: readonly string[], instance: string): Promise<void> {
    await client.execute({ sql: END, args: [kind, instance, JSON.stringify(subjects)] })
  },
})

export type Asks = ReturnType<typeof createAsks>
