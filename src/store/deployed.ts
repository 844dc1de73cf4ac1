import type { Client } from '@libsql/client/web'
import journal from '../../drizzle/meta/_journal.json'
import type { Vault } from '../crypto'
import { SetupError } from '../errors'
import { halfCopy, readCopyMark } from './copy-mark'
import { checkSecret, type Stores } from './stores'

/** The table `drizzle-kit migrate` uses too, so either may run first. */
export const MIGRATIONS_TABLE = '__drizzle_migrations'

interface DeployedParts {
  readonly client: Client
  readonly stores: Stores
  readonly vault: Vault
}

/**
 * What is wrong with a database that others have to make ready, as for a Worker; undefined where nothing is.
 *
 * One that is newer than this version is let pass: between a migration and the deploy that it is for, the
 * version before goes on.
 */
export async function deployedProblem(parts: DeployedParts): Promise<SetupError | undefined> {
  const { client, stores, vault } = parts
  const [latest, mark] = await Promise.allSettled([lastApplied(client), readCopyMark(client)])
  if (latest.status === 'rejected') throw latest.reason
  // Before a database is ours, and whole, nothing is written there; the check of the secret may write.
  if (mark.status === 'fulfilled' && mark.value) return halfCopy(mark.value)
  if (latest.value < ownVersion())
    return new SetupError(
      latest.value === 0
        ? 'The database is empty.'
        : 'The database was not brought up to date for this version.',
      'Run `groxy migrate` on a machine, with the same DATABASE_URL and DATABASE_AUTH_TOKEN.',
    )
  if (mark.status === 'rejected') throw mark.reason
  try {
    await checkSecret(stores, vault)
    return
  } catch (cause) {
    if (cause instanceof SetupError) return cause
    throw cause
  }
}

/** What the last migration of this version is, as a number that grows. */
export const ownVersion = (): number => journal.entries.at(-1)?.when ?? 0

/** The same of the newest migration that a database has seen; 0 where it has seen none. */
export async function lastApplied(client: Pick<Client, 'execute'>): Promise<number> {
  try {
    const { rows } = await client.execute(
      `SELECT max(created_at) AS latest FROM ${MIGRATIONS_TABLE}`,
    )
    return Number(rows[0]?.latest ?? 0)
  } catch (cause) {
    if (String(cause).includes(`no such table: ${MIGRATIONS_TABLE}`)) return 0
    throw cause
  }
}
