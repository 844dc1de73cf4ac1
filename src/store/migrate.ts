import type { Client, InStatement } from '@libsql/client/web'
import { migrations } from '../../drizzle'
import { sha256 } from '../crypto'
import { SetupError } from '../errors'
import { lastApplied, ownVersion, MIGRATIONS_TABLE as TABLE } from './deployed'

/**
 * Bring the database up to date and name what was applied.
 *
 * @throws SetupError when a newer Groxy or another program has written the database: it is left as
 * it is.
 */
export async function migrate(client: Client): Promise<readonly string[]> {
  const latest = (await isBegun(client)) ? await latestMigration(client) : 0
  const pending = migrations.filter(({ when }) => when > latest)
  // Where nothing is to be done nothing is written: a database may take no writes, and be good for turns.
  if (pending.length === 0) return []
  await client.execute(
    `CREATE TABLE IF NOT EXISTS ${TABLE} (id SERIAL PRIMARY KEY, hash text NOT NULL, created_at numeric)`,
  )
  for (const { sql, when } of pending) {
    const statements: InStatement[] = sql.split('--> statement-breakpoint')
    statements.push({
      sql: `INSERT INTO ${TABLE} (hash, created_at) VALUES (?, ?)`,
      args: [await sha256(sql), when],
    })
    await client.migrate(statements).catch(async (cause) => {
      // Another instance that starts at the same moment may have been first.
      if ((await latestMigration(client)) < when) throw cause
    })
  }
  return pending.map(({ tag }) => tag)
}

/**
 * What the last migration was, as a number that grows; 0 for a database that nothing was applied to.
 *
 * @throws SetupError when the database belongs to another program
 */
export const versionOf = async (client: Pick<Client, 'execute'>): Promise<number> =>
  (await isBegun(client)) ? lastApplied(client) : 0

async function latestMigration(client: Client): Promise<number> {
  const latest = await lastApplied(client)
  if (latest > ownVersion())
    throw new SetupError(
      'The database was written by a newer version of Groxy.',
      'Start the newer version, or restore a backup made before the upgrade. Nothing was changed.',
    )
  return latest
}

/** Whether any migration was applied, or tried. */
async function isBegun(client: Pick<Client, 'execute'>): Promise<boolean> {
  const { rows } = await client.execute(
    `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name = '${TABLE}' DESC LIMIT 1`,
  )
  const table = rows[0]?.name
  if (table !== undefined && table !== TABLE)
    throw new SetupError(
      `The database belongs to another program: it has a table "${table}".`,
      'Set DATABASE_URL to an empty database or to a file that does not exist yet. Nothing was changed.',
    )
  return table === TABLE
}
