import type { Client } from '@libsql/client/web'
import { sql } from 'drizzle-orm'
import type { Database } from './database'
import { settings } from './schema'

const NAME = 'revision'

/**
 * The statement that tells every instance to reload its snapshot. It goes into the same batch as
 * the change it announces.
 */
export const touchRevision = (db: Database) =>
  db
    .insert(settings)
    .values({ name: NAME, value: 1 })
    .onConflictDoUpdate({ target: settings.name, set: { value: sql`${settings.value} + 1` } })

/** How often keys, accounts, settings, aliases and prices have changed. */
export async function readRevision(client: Client): Promise<number> {
  const { rows } = await client.execute({
    sql: 'SELECT value FROM settings WHERE name = ?',
    args: [NAME],
  })
  return Number(rows[0]?.value ?? 0)
}
