import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import type { Client } from '@libsql/client/web'
import type { Config } from '../config'
import { createVault, randomToken, type Vault } from '../crypto'
import { SetupError } from '../errors'
import { refuseHalfCopy } from '../store/copy-mark'
import { openFile } from '../store/file'
import { explainLaterFault } from '../store/file-fault'
import { migrate } from '../store/migrate'
import { checkSecret, createStores, isBegun, type Stores } from '../store/stores'
import { filePath, secretPath } from './paths'

/** An open database with the secret that belongs to it. */
export interface State {
  readonly client: Client
  readonly secret: string
  readonly vault: Vault
  readonly stores: Stores
  /** Names of the migrations that were applied just now. */
  readonly applied: readonly string[]
}

/** Databases up to this size are checked from end to end when they open. */
const QUICK_CHECK_BYTES = 32 * 1024 * 1024

/**
 * Open the database, bring it up to date, and find its secret.
 *
 * @throws SetupError that says what is wrong and what to do
 */
export async function openState(config: Config): Promise<State> {
  const path = filePath(config)
  const client = await openClient(config)
  try {
    if (path) await explainLaterFault(path, checkFile(client, path))
    const migrated = migrate(client)
    const applied = await (path ? explainLaterFault(path, migrated) : explainRemote(migrated))
    await refuseHalfCopy(client)
    const begun = await isBegun(client)
    const secret = config.GROXY_SECRET ?? (path ? secretBeside(path, begun) : missingSecret())
    const vault = createVault(secret)
    const stores = createStores({ client, vault, now: Date.now })
    await checkSecret(stores, vault)
    return { client, secret, vault, stores, applied }
  } catch (cause) {
    client.close()
    throw cause
  }
}

/** The client of whatever `DATABASE_URL` names; nothing is read yet. */
export async function openClient(config: Config): Promise<Client> {
  const path = filePath(config)
  if (path) return openFile(path)
  // Only those who have a remote database wait for its client to load.
  const { openRemote } = await import('../store/remote')
  return openRemote(config.DATABASE_URL, config.DATABASE_AUTH_TOKEN)
}

async function checkFile(client: Client, path: string): Promise<void> {
  if (path === ':memory:' || Bun.file(path).size > QUICK_CHECK_BYTES) return
  const { rows } = await client.execute('PRAGMA quick_check(1)')
  const found = String(rows[0]?.[0])
  if (found !== 'ok') throw Object.assign(new Error(found), { code: 'SQLITE_CORRUPT' })
}

/** Made on first use, readable by this user only, and never replaced. */
function secretBeside(path: string, begun: boolean): string {
  if (path === ':memory:') return randomToken(32)
  const file = secretPath(path)
  if (begun && !existsSync(file))
    throw new SetupError(
      `The secret ${file} is missing, and the database was begun with it.`,
      'Put the file back from a backup, or set GROXY_SECRET to what it holds.',
    )
  try {
    if (!existsSync(file)) writeFileSync(file, `${randomToken(32)}\n`, { mode: 0o600, flag: 'wx' })
    else if (process.platform !== 'win32') chmodSync(file, 0o600)
    const secret = readFileSync(file, 'utf8').trim()
    if (secret.length >= 16) return secret
  } catch (cause) {
    throw new SetupError(
      `The secret ${file} cannot be read or made.`,
      'Give the user that runs Groxy access to it, or set GROXY_SECRET.',
      cause,
    )
  }
  throw new SetupError(
    `The secret in ${file} is empty or too short.`,
    'Put the file back from a backup. Without it the accounts in the database cannot be opened.',
  )
}

function missingSecret(): never {
  throw new SetupError(
    'A remote database needs a secret that you choose.',
    'Set GROXY_SECRET to a long random text (`openssl rand -base64 32`), the same on every instance.',
  )
}

const explainRemote = <T>(work: Promise<T>): Promise<T> =>
  work.catch((cause) => {
    if (cause instanceof SetupError) throw cause
    throw new SetupError(
      `The remote database does not answer: ${cause instanceof Error ? cause.message : cause}`,
      'Check DATABASE_URL, DATABASE_AUTH_TOKEN and the network.',
      cause,
    )
  })
