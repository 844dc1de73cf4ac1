import type { Client } from '@libsql/client/web'
import type { Config } from '../config'
import { createVault, type Vault } from '../crypto'
import { messageOf, SetupError } from '../errors'
import { refuseHalfCopy } from '../store/copy-mark'
import { faultOf } from '../store/fault'
import { gated } from '../store/gate'
import type { Kept } from '../store/kept-snapshot'
import { migrate } from '../store/migrate'
import { LONG_CALL_MS, openRemote } from '../store/remote'
import { checkSecret, createStores } from '../store/stores'
import { createSnapshotFile, type SnapshotFile, snapshotPath } from './snapshot-file'
import type { State } from './state'

/** What an instance goes by that was started while its database was away. */
export interface Away {
  readonly path: string
  readonly kept: Kept
  /** When that was last true, in milliseconds since 1970. */
  readonly at: number
  /** What the database said, if anything. */
  readonly fault: string
  /**
   * Look whether the database is back, and make it ready.
   *
   * @returns names of the migrations that it took; undefined while it is away
   * @throws SetupError when it is there, and not ours to use
   */
  readonly back: () => Promise<readonly string[] | undefined>
}

interface RemoteOptions {
  readonly config: Config
  readonly secret: string
  /** Whether it may be begun without the database, by what was kept of it. */
  readonly mayBeAway: boolean
}

/**
 * Open a libSQL server, or begin without it.
 *
 * @throws SetupError that says what is wrong and what to do
 */
export async function openRemoteState({
  config,
  secret,
  mayBeAway,
}: RemoteOptions): Promise<State> {
  const vault = createVault(secret)
  const client = openRemote(config.DATABASE_URL, config.DATABASE_AUTH_TOKEN)
  const prepare = () => makeReady(client, config, vault)
  const stores = (over: Client) => createStores({ client: over, vault, now: Date.now })
  try {
    const applied = await prepare()
    return { client, secret, vault, stores: stores(client), applied }
  } catch (cause) {
    const path = mayBeAway ? snapshotPath(config) : undefined
    if (cause instanceof SetupError || path === undefined || !isAway(cause)) {
      client.close()
      throw explained(cause)
    }
    const { kept, at } = await found(createSnapshotFile(path, config, vault), cause)
    const gate = gated(client)
    const back = async () => {
      try {
        const applied = await prepare()
        gate.open()
        return applied
      } catch (problem) {
        if (problem instanceof SetupError || !isAway(problem)) throw explained(problem)
        return undefined
      }
    }
    const away = { path, kept, at, fault: messageOf(cause), back }
    return { client: gate.client, secret, vault, stores: stores(gate.client), applied: [], away }
  }
}

/** Bring it up to date, and make sure that it is ours. */
async function makeReady(client: Client, config: Config, vault: Vault): Promise<readonly string[]> {
  await client.execute('SELECT 1')
  // A migration may take longer than any other call.
  const slow = openRemote(config.DATABASE_URL, config.DATABASE_AUTH_TOKEN, {
    limitMs: LONG_CALL_MS,
  })
  try {
    const applied = await migrate(slow)
    await refuseHalfCopy(client)
    await checkSecret(createStores({ client, vault, now: Date.now }), vault)
    return applied
  } finally {
    slow.close()
  }
}

const AWAY: ReadonlySet<string> = new Set(['away', 'crowded', 'busy', 'blocked'])

const isAway = (cause: unknown): boolean => AWAY.has(faultOf(cause))

/** @throws SetupError that says why it is not begun without the database */
async function found(file: SnapshotFile, cause: unknown) {
  const read = file.read().catch((problem) => {
    throw explained(cause, `The snapshot ${file.path} cannot be used: ${messageOf(problem)}`)
  })
  const snapshot = await read
  if (!snapshot)
    throw explained(
      cause,
      `There is no snapshot at ${file.path} to begin with: it is written while the database is there.`,
    )
  return snapshot
}

function explained(cause: unknown, more = ''): unknown {
  if (cause instanceof SetupError) return cause
  return new SetupError(
    `The remote database does not answer: ${messageOf(cause)}`,
    ['Check DATABASE_URL, DATABASE_AUTH_TOKEN and the network.', more].join(' ').trim(),
    cause,
  )
}
