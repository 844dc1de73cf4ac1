import type { Client } from '@libsql/client/web'
import { and, eq, isNull } from 'drizzle-orm'
import { newId, randomToken, sha256 } from '../crypto'
import type { Database } from './database'
import { touchRevision } from './revision'
import { createReader } from './rows'
import { keys } from './schema'

/** A key as everything but its secret. */
export type Key = Omit<typeof keys.$inferSelect, 'secretHash'>

/** What may be said about a key when it is made. */
export interface NewKey extends Partial<KeyLimits> {
  readonly name: string
  readonly expiresAt?: Date | undefined
}

/** What a key may do; null where there is no limit. */
export type KeyLimits = Pick<
  Key,
  | 'models'
  | 'requestsPerMinute'
  | 'tokensPerMinute'
  | 'concurrency'
  | 'dailyChat'
  | 'dailyHeavy'
  | 'dailyImage'
  | 'dailyVideo'
  | 'dailyCostTicks'
  | 'monthlyCostTicks'
  | 'rescue'
>

/** What may be said about a key later. */
export type KeyChanges = Partial<KeyLimits & Pick<Key, 'enabled' | 'expiresAt'>>

/** What holds for a key of which nothing was said. */
export const NO_LIMITS: KeyLimits = {
  models: null,
  requestsPerMinute: null,
  tokensPerMinute: null,
  concurrency: null,
  dailyChat: null,
  dailyHeavy: null,
  dailyImage: null,
  dailyVideo: null,
  dailyCostTicks: null,
  monthlyCostTicks: null,
  rescue: 'off',
}

const KEY_PREFIX = 'sk-groxy-'

/** The end of a secret, by which a person recognises it. */
export const hintOf = (secret: string): string => secret.slice(-4)

/** The key that `GROXY_API_KEY` sets, by the hash of its secret. */
export const environmentKey = (secret: string, hash: string, now: number) =>
  new Map<string, Key>([
    [
      hash,
      {
        id: 'env',
        name: 'env',
        hint: hintOf(secret),
        enabled: true,
        ...NO_LIMITS,
        expiresAt: null,
        version: 0,
        createdAt: new Date(now),
        revokedAt: null,
      },
    ],
  ])

/** The keys of programs. */
export function createKeys(db: Database, client: Client, now: () => number) {
  const read = createReader(client, keys)

  return {
    async list(): Promise<Key[]> {
      const rows = await read('ORDER BY created_at DESC')
      return rows.map(({ secretHash: _, ...key }) => key)
    },

    /** Every key that is not revoked, by the hash of its secret. */
    async byHash(): Promise<ReadonlyMap<string, Key>> {
      const rows = await read('WHERE revoked_at IS NULL')
      return new Map(rows.map(({ secretHash, ...key }) => [secretHash, key]))
    },

    /** The secret is shown once, here, and never again. */
    async create({
      name,
      expiresAt,
      ...limits
    }: NewKey): Promise<{ readonly key: Key; readonly secret: string }> {
      const secret = KEY_PREFIX + randomToken(32)
      const key: Key = {
        id: newId(),
        name,
        hint: hintOf(secret),
        enabled: true,
        ...NO_LIMITS,
        ...limits,
        expiresAt: expiresAt ?? null,
        version: 0,
        createdAt: new Date(now()),
        revokedAt: null,
      }
      const secretHash = await sha256(secret)
      await db.batch([db.insert(keys).values({ ...key, secretHash }), touchRevision(db)])
      return { key, secret }
    },

    /** Says whether there was such a key, not revoked. */
    async change(id: string, changes: KeyChanges): Promise<boolean> {
      const [changed] = await db.batch([
        db
          .update(keys)
          .set(changes)
          .where(and(eq(keys.id, id), isNull(keys.revokedAt)))
          .returning({ id: keys.id }),
        touchRevision(db),
      ])
      return changed.length > 0
    },

    /** Says whether there was such a key, in force. */
    async revoke(id: string): Promise<boolean> {
      const [revoked] = await db.batch([
        db
          .update(keys)
          .set({ revokedAt: new Date(now()) })
          .where(and(eq(keys.id, id), isNull(keys.revokedAt)))
          .returning({ id: keys.id }),
        touchRevision(db),
      ])
      return revoked.length > 0
    },
  }
}

export type Keys = ReturnType<typeof createKeys>
