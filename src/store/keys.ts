import type { Client } from '@libsql/client/web'
import { and, eq, isNull, ne, type SQL, sql } from 'drizzle-orm'
import { newId, randomToken, sha256 } from '../crypto'
import type { Database } from './database'
import { touchApart } from './revision'
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
export type KeyChanges = Partial<KeyLimits & Pick<Key, 'name' | 'enabled' | 'expiresAt'>>

/** A key that was just made: its secret is in no other place. */
export interface MadeKey {
  readonly key: Key
  readonly secret: string
}

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

/** Whether a secret may be one of ours: those have all one form. */
export const isKeySecret = (secret: string): boolean => /^sk-groxy-[\w-]{43}$/.test(secret)

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

  async function make({ name, expiresAt, ...limits }: NewKey, at: number): Promise<Made> {
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
      createdAt: new Date(at),
      revokedAt: null,
    }
    return { key, secret, secretHash: await sha256(secret) }
  }

  const insert = (made: readonly Made[]) =>
    db.batch([
      db.insert(keys).values(made.map(({ key, secretHash }) => ({ ...key, secretHash }))),
      touchApart(db),
    ])

  /** Change those that are not revoked and meet the conditions. */
  async function alter(
    changes: KeyChanges & Partial<Pick<Key, 'revokedAt'>>,
    ...conditions: readonly (SQL | undefined)[]
  ): Promise<readonly NamedKey[]> {
    const [changed] = await db.batch([
      db
        .update(keys)
        .set({ ...changes, version: sql`${keys.version} + 1` })
        .where(and(isNull(keys.revokedAt), ...conditions))
        .returning({ id: keys.id, name: keys.name }),
      touchApart(db),
    ])
    return changed
  }

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

    /** A key by its id, also one that was revoked. */
    async find(id: string): Promise<Key | undefined> {
      const [row] = await read('WHERE id = ?', [id])
      if (!row) return
      const { secretHash: _, ...key } = row
      return key
    },

    /** The secret is shown once, here, and never again. */
    async create(wanted: NewKey): Promise<MadeKey> {
      const made = await make(wanted, now())
      await insert([made])
      return made
    },

    /** The same for many at once, all or none; the first stands first in lists. */
    async createAll(wanted: readonly NewKey[]): Promise<readonly MadeKey[]> {
      const at = now()
      const made = await Promise.all(wanted.map((one, index) => make(one, at - index)))
      if (made.length > 0) await insert(made)
      return made
    },

    /**
     * Says whether there was such a key, not revoked.
     *
     * @param version what it is expected to have, so that nothing is overwritten that nobody has seen
     */
    async change(id: string, changes: KeyChanges, version?: number): Promise<boolean> {
      const changed = await alter(
        changes,
        eq(keys.id, id),
        version === undefined ? undefined : eq(keys.version, version),
      )
      return changed.length > 0
    },

    /** Switch many on or off. Says which were changed by it. */
    enable: (ids: readonly string[], enabled: boolean): Promise<readonly NamedKey[]> =>
      alter({ enabled }, among(ids), ne(keys.enabled, enabled)),

    /** Says whether there was such a key, in force. */
    async revoke(id: string): Promise<boolean> {
      const revoked = await alter({ revokedAt: new Date(now()) }, eq(keys.id, id))
      return revoked.length > 0
    },

    /** The same for many. Says which were revoked by it. */
    revokeAll: (ids: readonly string[]): Promise<readonly NamedKey[]> =>
      alter({ revokedAt: new Date(now()) }, among(ids)),
  }
}

export type Keys = ReturnType<typeof createKeys>

/** A key as people call it. */
export type NamedKey = Pick<Key, 'id' | 'name'>

interface Made extends MadeKey {
  readonly secretHash: string
}

const among = (ids: readonly string[]): SQL =>
  sql`${keys.id} IN (SELECT value FROM json_each(${JSON.stringify(ids)}))`
