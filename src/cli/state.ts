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
import type { Away } from './remote-state'

/** An open database with the secret that belongs to it. */
export interface State {
  readonly client: Client
  readonly secret: string
  readonly vault: Vault
  readonly stores: Stores
  /** Names of the migrations that were applied just now. */
  readonly applied: readonly string[]
  /** Present where it was begun without the database. */
  readonly away?: Away
}

interface StateOptions {
  /** Begin without a remote database where that is away, by what was kept of it. */
  readonly mayBeAway?: boolean
}

/** Databases up to this size are checked from end to end when they open. */
const QUICK_CHECK_BYTES = 32 * 1024 * 1024

/**
 * Open the database, bring it up to date, and find its secret.
 *
 * @throws SetupError that says what is wrong and what to do
 */
export async function openState(config: Config, options: StateOptions = {}): Promise<State> {
  const path = filePath(config)
  if (path === undefined) {
    // Only those who have a remote database wait for its client to load.
    const { openRemoteState } = await import('./remote-state')
    const { mayBeAway = false } = options
    return openRemoteState({ config, secret: config.GROXY_SECRET ?? missingSecret(), mayBeAway })
  }
  const client = openFile(path)
  try {
    await explainLaterFault(path, checkFile(client, path))
    const applied = await explainLaterFault(path, migrate(client))
    await refuseHalfCopy(client)
    const secret = config.GROXY_SECRET ?? secretBeside(path, await isBegun(client))
    const vault = createVault(secret)
    const stores = createStores({ client, vault, now: Date.now })
    await checkSecret(stores, vault)
    return { client, secret, vault, stores, applied }
  } catch (cause) {
    client.close()
    throw cause
  }
}

/** The client of whatever `DATABASE_URL` names, for long work; nothing is read yet. */
export async function openClient(config: Config): Promise<Client> {
  const path = filePath(config)
  if (path) return openFile(path)
  const { LONG_CALL_MS, openRemote } = await import('../store/remote')
  return openRemote(config.DATABASE_URL, config.DATABASE_AUTH_TOKEN, {
    limitMs: LONG_CALL_MS,
  })
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
