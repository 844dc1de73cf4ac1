import type { Client, InValue } from '@libsql/client/web'
import { newId, randomToken, sha256 } from '../crypto'
import { adminTokens } from './admin-schema'
import { hintOf } from './keys'
import { createReader } from './rows'

type Row = typeof adminTokens.$inferSelect

/** What a program presents to the admin API, as everything but its secret. */
export type AdminToken = Omit<Row, 'secretHash'>

/** How every secret of an admin token looks: nothing else is looked for. */
export const ADMIN_TOKEN = /^groxy-admin-[A-Za-z0-9_-]{43}$/

const PREFIX = 'groxy-admin-'

/** The tokens of programs that administer this gateway. */
export function createAdminTokens(client: Client, now: () => number) {
  const read = createReader(client, adminTokens, client)
  const write = async (sql: string, args: InValue[]) => (await client.execute({ sql, args })).rows

  return {
    /** The secret is shown once, here, and never again. */
    async create(name: string, expiresAt: number | null) {
      const secret = PREFIX + randomToken(32)
      const token: AdminToken = {
        id: newId(),
        name,
        hint: hintOf(secret),
        createdAt: now(),
        expiresAt,
        seenAt: null,
      }
      await write(
        `INSERT INTO admin_tokens (id, name, secret_hash, hint, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?)`,
        [token.id, name, await sha256(secret), token.hint, token.createdAt, expiresAt],
      )
      return { token, secret }
    },

    /** The token of a secret, while it is good. */
    async find(secret: string): Promise<AdminToken | undefined> {
      if (!ADMIN_TOKEN.test(secret)) return undefined
      const [row] = await read('WHERE secret_hash = ? AND (expires_at IS NULL OR expires_at > ?)', [
        await sha256(secret),
        now(),
      ])
      return row && bare(row)
    },

    /** Whether a token is still good. */
    lasts: async (id: string): Promise<boolean> =>
      (await read('WHERE id = ? AND (expires_at IS NULL OR expires_at > ?)', [id, now()])).length >
      0,

    /** Those in force and those that have expired, the newest first. */
    list: async (): Promise<AdminToken[]> =>
      (await read('ORDER BY created_at DESC, id LIMIT 1000')).map(bare),

    /** Note that a token is used. */
    async touch(id: string): Promise<void> {
      await write('UPDATE admin_tokens SET seen_at = ? WHERE id = ?', [now(), id])
    },

    /** Gives the token that there was. */
    async revoke(id: string): Promise<AdminToken | undefined> {
      const [row] = await read('WHERE id = ?', [id])
      if (!row) return undefined
      const gone = await write('DELETE FROM admin_tokens WHERE id = ? RETURNING id', [id])
      return gone.length > 0 ? bare(row) : undefined
    },
  }
}

export type AdminTokens = ReturnType<typeof createAdminTokens>

const bare = ({ secretHash: _, ...token }: Row): AdminToken => token
