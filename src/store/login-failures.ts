import type { Client } from '@libsql/client/web'

/** How often somebody has tried, and until when that counts. */
export interface Attempts {
  readonly failures: number
  readonly resetAt: number
}

/** Failed log-ins, counted for all instances together. */
export function createLoginFailures(client: Client, now: () => number) {
  return {
    /** Count an attempt before it is known whether it is good: those made at once then gain nothing. */
    async count(source: string, windowMs: number): Promise<Attempts> {
      const at = now()
      const { rows } = await client.execute({
        sql: `INSERT INTO login_failures (source, failures, reset_at) VALUES (?, 1, ?)
          ON CONFLICT (source) DO UPDATE SET
            failures = CASE WHEN reset_at <= ? THEN 1 ELSE failures + 1 END,
            reset_at = CASE WHEN reset_at <= ? THEN excluded.reset_at ELSE reset_at END
          RETURNING failures, reset_at`,
        args: [source, at + windowMs, at, at],
      })
      return { failures: Number(rows[0]?.failures), resetAt: Number(rows[0]?.reset_at) }
    },

    /** What was counted of a good attempt: nothing is held against its source, and one less against all. */
    async forgive(source: string, all: string): Promise<void> {
      await client.batch(
        [
          { sql: 'DELETE FROM login_failures WHERE source = ?', args: [source] },
          {
            sql: 'UPDATE login_failures SET failures = failures - 1 WHERE source = ? AND failures > 0',
            args: [all],
          },
        ],
        'write',
      )
    },

    /** Begin anew for everybody; says whether anything was counted. */
    async clear(): Promise<boolean> {
      const { rows } = await client.execute('DELETE FROM login_failures RETURNING source')
      return rows.length > 0
    },
  }
}

export type LoginFailures = ReturnType<typeof createLoginFailures>
