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

const NAME_APART = 'revision_apart'

/** The same for a change that concerns no account: of them there may be tens of thousands to read again. */
export const touchApart = (db: Database) =>
  db
    .insert(settings)
    .values([
      { name: NAME, value: 1 },
      { name: NAME_APART, value: 1 },
    ])
    .onConflictDoUpdate({ target: settings.name, set: { value: sql`${settings.value} + 1` } })

/** How often accounts may have changed: every change counts that did not say that it concerns none. */
export async function readAccountRevision(client: Client): Promise<number> {
  const { rows } = await client.execute({
    sql: `SELECT sum(CASE name WHEN ? THEN value ELSE -value END) AS revision FROM settings
      WHERE name IN (?, ?)`,
    args: [NAME, NAME, NAME_APART],
  })
  return Number(rows[0]?.revision ?? 0)
}

/** How often keys, accounts, settings, aliases and prices have changed. */
export async function readRevision(client: Client): Promise<number> {
  const { rows } = await client.execute({
    sql: 'SELECT value FROM settings WHERE name = ?',
    args: [NAME],
  })
  return Number(rows[0]?.value ?? 0)
}
