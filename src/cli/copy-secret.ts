import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Client } from '@libsql/client/web'
import { createVault, sha256 } from '../crypto'
import { SetupError } from '../errors'
import { readMark } from '../store/settings'
import type { CopyEnd } from './copy-ends'
import { secretPath } from './paths'

/** What a source is sealed with. */
export interface SourceSecret {
  readonly secret: string
  /** The file that holds it; undefined where it came from the environment. */
  readonly file: string | undefined
  /** Tells the database from all others, and its copies and backups not. */
  readonly source: string
}

/** The mark that a database is begun with: sealed once, and never the same twice. */
const CHECK = 'secret_check'

/** Find the secret of a source and see that it opens what is there. @throws SetupError when it does not */
export async function secretOf(
  { client, path, name }: Pick<CopyEnd, 'client' | 'path' | 'name'>,
  given: string | undefined,
): Promise<SourceSecret> {
  const sealed = await readMark(client as Client, CHECK)
  if (sealed === undefined)
    throw new SetupError(
      `${name} was never used: there is nothing to copy.`,
      'Check the address; `groxy serve` begins a new database.',
    )
  const file = path === undefined ? undefined : secretPath(path)
  const isThere = file !== undefined && existsSync(file)
  const secret = given ?? (isThere ? readFileSync(file, 'utf8').trim() : undefined)
  if (secret === undefined)
    throw new SetupError(
      `The secret of ${name} is not known: what is sealed there could not be opened after the copy.`,
      file === undefined
        ? 'Set GROXY_SECRET to what Groxy has there.'
        : `Put ${file} back from a backup, or set GROXY_SECRET to what it held.`,
    )
  await createVault(secret)
    .open(String(sealed))
    .catch((cause) => {
      throw new SetupError(
        given === undefined
          ? `${file} is not the secret that ${name} was begun with.`
          : `GROXY_SECRET is not the secret that ${name} was begun with.`,
        isThere && given !== undefined
          ? `Set it to what ${file} holds, or leave it out. The copy needs the same.`
          : 'Set GROXY_SECRET to the value that it had there. Nothing was copied.',
        cause,
      )
    })
  const source = (await sha256(String(sealed))).slice(0, 32)
  return { secret, file: given === undefined ? file : undefined, source }
}

/** @throws SetupError when the secret of another database is where that of the copy belongs */
export function checkSecretBeside(path: string, secret: string): void {
  const file = secretPath(path)
  if (!existsSync(file) || readFileSync(file, 'utf8').trim() === secret) return
  throw new SetupError(
    `${file} is the secret of another database.`,
    'It is left as it is: copy to a file in another folder.',
  )
}

/** Leave the secret beside a file for this user only, unless it is there. */
export function leaveSecretBeside(path: string, secret: string): void {
  const file = secretPath(path)
  mkdirSync(dirname(file), { recursive: true })
  if (!existsSync(file)) writeFileSync(file, `${secret}\n`, { mode: 0o600, flag: 'wx' })
  if (process.platform !== 'win32') chmodSync(file, 0o600)
}
