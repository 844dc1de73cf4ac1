import type { Client } from '@libsql/client/web'
import { randomToken, sha256 } from '../crypto'
import { adminSessions } from './admin-schema'
import { createReader } from './rows'

/** A log-in as everything but its secret. */
export type AdminSession = Omit<typeof adminSessions.$inferSelect, 'secretHash'>

interface NewSession {
  readonly address: string | undefined
  readonly agent: string | undefined
  readonly lifeMs: number
}

/** Enough to tell sessions apart in a list and in the audit log. */
const ID_BYTES = 6
const LONGEST_AGENT = 300

/** Who is logged in on the admin page. */
export function createAdminSessions(client: Client, now: () => number) {
  const read = createReader(client, adminSessions, client)

  return {
    /** Begin a session; its secret is known to the browser alone. */
    async begin({ address, agent, lifeMs }: NewSession) {
      const secret = randomToken(32)
      const session: AdminSession = {
        id: randomToken(ID_BYTES),
        address: address ?? null,
        agent: agent?.slice(0, LONGEST_AGENT) ?? null,
        createdAt: now(),
        seenAt: now(),
        expiresAt: now() + lifeMs,
      }
      await client.batch(
        [
          { sql: 'DELETE FROM admin_sessions WHERE expires_at <= ?', args: [now()] },
          {
            sql: `INSERT INTO admin_sessions (id, secret_hash, address, agent, created_at, seen_at, expires_at)
              VALUES (?, ?, ?, ?, ?, ?, ?)`,
            args: [
              session.id,
              await sha256(secret),
              session.address,
              session.agent,
              session.createdAt,
              session.seenAt,
              session.expiresAt,
            ],
          },
        ],
        'write',
      )
      return { session, secret }
    },

    /** The session of a secret, while it lasts. */
    async find(secret: string): Promise<AdminSession | undefined> {
      const [row] = await read('WHERE secret_hash = ? AND expires_at > ?', [
        await sha256(secret),
        now(),
      ])
      if (!row) return undefined
      const { secretHash: _, ...session } = row
      return session
    },

    /** Note that a session is used, which makes it last longer. */
    async touch(id: string, lifeMs: number): Promise<void> {
      await client.execute({
        sql: 'UPDATE admin_sessions SET seen_at = ?, expires_at = ? WHERE id = ?',
        args: [now(), now() + lifeMs, id],
      })
    },

    /** Says whether there was such a session. */
    async end(id: string): Promise<boolean> {
      const { rows } = await client.execute({
        sql: 'DELETE FROM admin_sessions WHERE id = ? RETURNING id',
        args: [id],
      })
      return rows.length > 0
    },
  }
}

export type AdminSessions = ReturnType<typeof createAdminSessions>
