import type { Client, InValue } from '@libsql/client/web'
import { randomToken, sha256 } from '../crypto'
import { adminSessions } from './admin-schema'
import { createReader } from './rows'

type Row = typeof adminSessions.$inferSelect

/** A log-in as everything but its secrets. */
export type AdminSession = Omit<Row, 'secretHash' | 'nextHash' | 'previousHash'>

interface NewSession {
  readonly address: string | undefined
  readonly agent: string | undefined
  /** How long it lasts after it was last used. */
  readonly lifeMs: number
}

/** Enough to tell sessions apart in a list and in the audit log. */
const ID_BYTES = 6
const LONGEST_AGENT = 300
/** However much it is used, a session ends so long after its log-in. */
const LONGEST_MS = 30 * 86_400_000
/** How long the secret before still holds. */
const OVERLAP_MS = 60_000

/** Who is logged in on the admin page. */
export function createAdminSessions(client: Client, now: () => number) {
  const read = createReader(client, adminSessions, client)
  const write = async (sql: string, args: InValue[]) => (await client.execute({ sql, args })).rows

  return {
    /** Begin a session; its secret is known to the browser alone. */
    async begin({ address, agent, lifeMs }: NewSession) {
      const secret = randomToken(32)
      const at = now()
      const session: AdminSession = {
        id: randomToken(ID_BYTES),
        address: address ?? null,
        agent: agent?.slice(0, LONGEST_AGENT) ?? null,
        createdAt: at,
        rotatedAt: at,
        seenAt: at,
        expiresAt: at + Math.min(lifeMs, LONGEST_MS),
      }
      await client.execute({
        sql: `INSERT INTO admin_sessions (id, secret_hash, address, agent, created_at, rotated_at, seen_at, expires_at)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
        args: [
          session.id,
          await sha256(secret),
          session.address,
          session.agent,
          at,
          at,
          at,
          session.expiresAt,
        ],
      })
      return { session, secret }
    },

    /** The session of a secret, while it lasts. A secret that was given out to follow another does so now. */
    async find(secret: string): Promise<AdminSession | undefined> {
      const hash = await sha256(secret)
      const at = now()
      const [row] = await read(
        `WHERE (secret_hash = ? OR next_hash = ? OR (previous_hash = ? AND rotated_at > ?)) AND expires_at > ?`,
        [hash, hash, hash, at - OVERLAP_MS, at],
      )
      if (!row) return undefined
      if (row.nextHash === hash)
        await write(
          `UPDATE admin_sessions SET previous_hash = secret_hash, secret_hash = next_hash, next_hash = NULL, rotated_at = ?
            WHERE id = ? AND next_hash = ?`,
          [at, row.id, hash],
        )
      return bare(row)
    },

    /** Whether a session has not ended. */
    lasts: async (id: string): Promise<boolean> =>
      (await read('WHERE id = ? AND expires_at > ?', [id, now()])).length > 0,

    /** Note that a session is used, which makes it last longer. */
    async touch(id: string, lifeMs: number): Promise<void> {
      const at = now()
      await write(
        'UPDATE admin_sessions SET seen_at = ?, expires_at = min(?, created_at + ?) WHERE id = ?',
        [at, at + lifeMs, LONGEST_MS, id],
      )
    },

    /**
     * The same, with a secret to follow the present one, which holds until a browser has shown the new one:
     * an answer may be lost. Of several who ask at once one is given it.
     */
    async rotate({ id, seenAt }: AdminSession, lifeMs: number): Promise<string | undefined> {
      const secret = randomToken(32)
      const at = now()
      const rows = await write(
        `UPDATE admin_sessions SET next_hash = ?, seen_at = ?, expires_at = min(?, created_at + ?)
          WHERE id = ? AND seen_at = ? RETURNING id`,
        [await sha256(secret), at, at + lifeMs, LONGEST_MS, id, seenAt],
      )
      return rows.length > 0 ? secret : undefined
    },

    /** Those that last, the one used last first. */
    list: async (): Promise<AdminSession[]> =>
      (await read('WHERE expires_at > ? ORDER BY seen_at DESC LIMIT 200', [now()])).map(bare),

    /** Says whether there was such a session. */
    end: async (id: string): Promise<boolean> =>
      (await write('DELETE FROM admin_sessions WHERE id = ? RETURNING id', [id])).length > 0,

    /** End all, but for one; says how many. */
    endAll: async (except = ''): Promise<number> =>
      (await write('DELETE FROM admin_sessions WHERE id <> ? RETURNING id', [except])).length,
  }
}

export type AdminSessions = ReturnType<typeof createAdminSessions>

const bare = ({ secretHash: _, nextHash: __, previousHash: ___, ...session }: Row): AdminSession =>
  session
