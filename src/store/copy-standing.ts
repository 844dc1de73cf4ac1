import type { Client } from '@libsql/client/web'
import { SetupError } from '../errors'
import { type CopyMark, readCopyMark } from './copy-mark'
import type { CopyTable } from './copy-tables'
import { ownVersion } from './deployed'
import { versionOf } from './migrate'

type Asked = Pick<Client, 'execute' | 'batch'>

/**
 * Make sure that a database is one of this version of Groxy's.
 *
 * @throws SetupError that says what to do
 */
export async function refuseOtherVersion(client: Asked, name: string): Promise<void> {
  const version = await versionOf(client)
  if (version === ownVersion()) return
  if (version === 0)
    throw new SetupError(
      `There is no Groxy at ${name}.`,
      'Check the address; Groxy has to have been started on it once.',
    )
  throw version > ownVersion()
    ? new SetupError(
        `${name} was written by a newer version of Groxy.`,
        'Copy it with that version.',
      )
    : new SetupError(
        `${name} was written by an older version of Groxy.`,
        'Bring it up to date: start this version on it once, or run `groxy migrate` with its address as DATABASE_URL.',
      )
}

/** What is at a target: nothing yet, a copy that is not done, or something that must stay. */
export type Standing =
  | { readonly is: 'empty' }
  | { readonly is: 'begun'; readonly mark: CopyMark }
  | { readonly is: 'used' }

/** Look at a target, of whatever version, without changing anything. */
export async function standingOf(client: Asked, tables: readonly CopyTable[]): Promise<Standing> {
  if ((await versionOf(client)) === 0) return { is: 'empty' }
  const { rows } = await client.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
  const there = new Set(rows.map(({ name }) => String(name)))
  if (there.has('settings')) {
    const mark = await readCopyMark(client)
    if (mark) return { is: 'begun', mark }
  }
  const asked = [...tables.map(({ name }) => name), 'objects'].filter((name) => there.has(name))
  const found = await client.batch(
    asked.map((name) => `SELECT 1 FROM ${name} LIMIT 1`),
    'read',
  )
  return { is: found.some((result) => result.rows.length > 0) ? 'used' : 'empty' }
}

/** About how many rows each table has, for who wants to know before. */
export async function countRows(
  client: Asked,
  tables: readonly CopyTable[],
): Promise<readonly { readonly name: string; readonly rows: number }[]> {
  const found = await client.batch(
    tables.map(({ name }) => `SELECT count(*) FROM ${name}`),
    'read',
  )
  return tables.map(({ name }, at) => ({ name, rows: Number(found[at]?.rows[0]?.[0]) }))
}
