import type { Client } from '@libsql/client/web'
import type { Vault } from '../crypto'
import { createAccounts } from './accounts'
import { createAliases } from './aliases'
import { createAllowances } from './allowances'
import { openDatabase } from './database'
import { createKeys } from './keys'
import { createLedgerStore } from './ledger'
import { createModelLists } from './model-lists'
import { readRevision } from './revision'
import { createSettings } from './settings'

interface StoreParts {
  readonly client: Client
  readonly vault: Vault
  readonly now: () => number
}

/** Every repository over one database. */
export function createStores({ client, vault, now }: StoreParts) {
  const db = openDatabase(client)
  return {
    accounts: createAccounts(db, vault, now),
    aliases: createAliases(db),
    allowances: createAllowances(client),
    keys: createKeys(db, now),
    ledger: createLedgerStore(db, client),
    modelLists: createModelLists(db),
    settings: createSettings(db),
    revision: () => readRevision(db),
  }
}

export type Stores = ReturnType<typeof createStores>

const MARK = 'secret_check'

/** Whether the database already belongs to some secret. */
export const isBegun = async (client: Client): Promise<boolean> =>
  (await createSettings(openDatabase(client)).mark(MARK)) !== undefined

/**
 * Make sure that this secret is the one that the database was begun with.
 *
 * @throws SetupError when it is another
 */
export async function checkSecret({ settings }: Stores, vault: Vault): Promise<void> {
  if (await settings.markOnce(MARK, await vault.seal(MARK))) return
  await vault.open(String(await settings.mark(MARK)))
}
