import { and, desc, eq, isNull } from 'drizzle-orm'
import { newId, randomToken, sha256 } from '../crypto'
import type { Database } from './database'
import { touchRevision } from './revision'
import { keys } from './schema'

/** A key as everything but its secret. */
export type Key = Omit<typeof keys.$inferSelect, 'secretHash'>

/** What may be said about a key when it is made. */
export interface NewKey {
  readonly name: string
  readonly models?: readonly string[] | undefined
  readonly requestsPerMinute?: number | undefined
  readonly concurrency?: number | undefined
  readonly expiresAt?: Date | undefined
}

const KEY_PREFIX = 'sk-groxy-'

/** The end of a secret, by which a person recognises it. */
export const hintOf = (secret: string): string => secret.slice(-4)

/** The keys of programs. */
export function createKeys(db: Database, now: () => number) {
  return {
    list: (): Promise<Key[]> => db.select(WITHOUT_HASH).from(keys).orderBy(desc(keys.createdAt)),

    /** Every key that is not revoked, by the hash of its secret. */
    async byHash(): Promise<ReadonlyMap<string, Key>> {
      const rows = await db.select().from(keys).where(isNull(keys.revokedAt))
      return new Map(rows.map(({ secretHash, ...key }) => [secretHash, key]))
    },

    /** The secret is shown once, here, and never again. */
    async create(wanted: NewKey): Promise<{ readonly key: Key; readonly secret: string }> {
      const secret = KEY_PREFIX + randomToken(32)
      const key: Key = {
        id: newId(),
        name: wanted.name,
        hint: hintOf(secret),
        models: wanted.models ?? null,
        requestsPerMinute: wanted.requestsPerMinute ?? null,
        concurrency: wanted.concurrency ?? null,
        expiresAt: wanted.expiresAt ?? null,
        createdAt: new Date(now()),
        revokedAt: null,
      }
      const secretHash = await sha256(secret)
      await db.batch([db.insert(keys).values({ ...key, secretHash }), touchRevision(db)])
      return { key, secret }
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

const WITHOUT_HASH = {
  id: keys.id,
  name: keys.name,
  hint: keys.hint,
  models: keys.models,
  requestsPerMinute: keys.requestsPerMinute,
  concurrency: keys.concurrency,
  expiresAt: keys.expiresAt,
  createdAt: keys.createdAt,
  revokedAt: keys.revokedAt,
}

export type Keys = ReturnType<typeof createKeys>
