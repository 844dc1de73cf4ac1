import type { Client, InStatement } from '@libsql/client/web'
import type { Vault } from '../crypto'
import { createAccountDetails } from './account-detail'
import { createAccountImport } from './account-import'
import { createAccountPages } from './account-pages'
import { createAccountQuotas } from './account-quotas'
import { createAccountSearch } from './account-search'
import { createAccountStates } from './account-states'
import { createAccountTiers } from './account-tiers'
import { createAccounts } from './accounts'
import { createAdminSessions } from './admin-sessions'
import { createAdminTokens } from './admin-tokens'
import { createAliases } from './aliases'
import { createAllowances } from './allowances'
import { createAsks } from './asks'
import { createAuditStore } from './audit'
import { createBackgroundTurns } from './background-turns'
import { createBatchRows } from './batches'
import { createCleaningStore } from './cleaning'
import { createCompletions } from './completions'
import { createConversations } from './conversations'
import { openDatabase } from './database'
import { createFileSearch } from './file-search'
import { createFileRows } from './files'
import { createInstanceRows } from './instances'
import { createJobRows } from './jobs'
import { createKeySearch } from './key-search'
import { createKeySums } from './key-sums'
import { createKeys } from './keys'
import { createLedgerStore } from './ledger'
import { createRecent } from './ledger-recent'
import { createRollups } from './ledger-rollups'
import { createLedgerSearch } from './ledger-search'
import { createUsage } from './ledger-usage'
import { createLoginFailures } from './login-failures'
import { createMediaRows } from './media'
import { createMediaCleaning } from './media-cleaning'
import { createMediaSearch } from './media-search'
import { createModelLists } from './model-lists'
import { createNames } from './names'
import { createNearLimits } from './near-limits'
import { createPrices } from './prices'
import { createPulse } from './pulse'
import { createResponses } from './responses'
import { readAccountRevision, readRevision } from './revision'
import { createSettings, readMark } from './settings'
import { createVideoRows } from './videos'

interface StoreParts {
  readonly client: Client
  readonly vault: Vault
  readonly now: () => number
}

/** What a repository wants to be written, for whoever says when. */
export type Statements = readonly InStatement[]

/** Every repository over one database. */
export function createStores({ client, vault, now }: StoreParts) {
  const db = openDatabase(client)
  const ledger = createLedgerStore(db, client)
  return {
    accounts: createAccounts({ db, client, vault, now }),
    accountImport: createAccountImport({ db, client, vault, now }),
    accountDetail: createAccountDetails(client),
    accountPages: createAccountPages(client, now),
    accountQuotas: createAccountQuotas(client),
    accountSearch: createAccountSearch(client, now),
    accountStates: createAccountStates(db, client, now),
    accountTiers: createAccountTiers(db),
    adminSessions: createAdminSessions(client, now),
    adminTokens: createAdminTokens(client, now),
    aliases: createAliases(db, client),
    allowances: createAllowances(client),
    asks: createAsks(client),
    audit: createAuditStore(client, now),
    batches: createBatchRows(client, now),
    backgroundTurns: createBackgroundTurns(client),
    cleaning: createCleaningStore({ client, ledger, now }),
    completions: createCompletions(client),
    conversations: createConversations(client),
    files: createFileRows(client),
    fileSearch: createFileSearch(client),
    instances: createInstanceRows(client),
    jobs: createJobRows(client, now),
    keys: createKeys(db, client, now),
    keySearch: createKeySearch(client),
    keySums: createKeySums(client),
    ledger,
    ledgerSearch: createLedgerSearch(client),
    loginFailures: createLoginFailures(client, now),
    media: createMediaRows(client, now),
    mediaCleaning: createMediaCleaning(client),
    mediaSearch: createMediaSearch(client),
    modelLists: createModelLists(client),
    names: createNames(client),
    nearLimits: createNearLimits(client),
    prices: createPrices(db, client),
    /** What may have to be looked at. */
    pulse: createPulse(client),
    recent: createRecent(client),
    responses: createResponses(client),
    rollups: createRollups(client),
    /** Run statements that repositories have made, all or none. */
    write: async (statements: Statements): Promise<void> => {
      await client.batch([...statements], 'write')
    },
    settings: createSettings(db, client, vault),
    accountRevision: () => readAccountRevision(client),
    usage: createUsage(client),
    videos: createVideoRows(client),
    revision: () => readRevision(client),
  }
}

export type Stores = ReturnType<typeof createStores>

const MARK = 'secret_check'

/** Whether the database already belongs to some secret. */
export const isBegun = async (client: Client): Promise<boolean> =>
  (await readMark(client, MARK)) !== undefined

/**
 * Make sure that this secret is the one that the database was begun with.
 *
 * @throws SetupError when it is another
 */
export async function checkSecret({ settings }: Stores, vault: Vault): Promise<void> {
  const sealed = await settings.mark(MARK)
  if (sealed === undefined && (await settings.markOnce(MARK, await vault.seal(MARK)))) return
  await vault.open(String(sealed ?? (await settings.mark(MARK))))
}
