import type { Client } from '@libsql/client/web'
import { and, eq, ne } from 'drizzle-orm'
import { newId, sha256, type Vault } from '../crypto'
import { SetupError } from '../errors'
import type { Extras } from '../extras'
import { readProxy } from '../proxy'
import { clearing } from './account-states'
import type { Database } from './database'
import { hintOf } from './keys'
import { touchRevision } from './revision'
import { createReader } from './rows'
import {
  type ACCOUNT_KINDS,
  accountQuotas,
  accountStates,
  accounts,
  modelLists,
  type Tier,
} from './schema'

/** An account as it is stored: its secret and its proxy are sealed. */
export type StoredAccount = typeof accounts.$inferSelect
export type AccountKind = (typeof ACCOUNT_KINDS)[number]

/** What an operator may say about an account at any time. */
export interface AccountChanges {
  readonly name?: string | undefined
  readonly baseUrl?: string | undefined
  readonly secret?: string | undefined
  readonly weight?: number | undefined
  /** Null for no limit, as below. */
  readonly maxInFlight?: number | null | undefined
  readonly requestsPerMinute?: number | null | undefined
  /** Null to ask its upstream. */
  readonly models?: readonly string[] | null | undefined
  /** Null for what is usual there. */
  readonly api?: StoredAccount['api'] | undefined
  /** Null for that of its kind, or none. */
  readonly proxy?: string | null | undefined
  /** Null where nobody knows. */
  readonly tier?: Tier | null | undefined
  readonly extras?: Extras | null | undefined
  readonly tags?: readonly string[] | null | undefined
  readonly note?: string | null | undefined
}

/** What an operator says about an account when adding it. */
export interface NewAccount extends AccountChanges {
  readonly kind: AccountKind
  readonly name: string
  readonly baseUrl: string
  readonly secret: string
}

interface AccountsParts {
  readonly db: Database
  readonly client: Client
  readonly vault: Vault
  readonly now: () => number
}

/** The accounts that are kept in the database. */
export function createAccounts({ db, client, vault, now }: AccountsParts) {
  const read = createReader(client, accounts)

  async function refuseTaken(kind: AccountKind, name: string, but = ''): Promise<void> {
    const [taken] = await db
      .select({ id: accounts.id })
      .from(accounts)
      .where(and(eq(accounts.kind, kind), eq(accounts.name, name), ne(accounts.id, but)))
    if (taken)
      throw new SetupError(
        `There is already an ${kind} account named "${name}".`,
        `Choose another name with ${but ? '--rename' : '--name'}.`,
      )
  }

  async function columnsOf(
    kind: AccountKind,
    changes: AccountChanges,
  ): Promise<Partial<StoredAccount>> {
    const { name, baseUrl, secret, weight, maxInFlight, requestsPerMinute } = changes
    const { models, api, proxy, tier, extras, tags, note } = changes
    return {
      ...(name !== undefined && { name }),
      ...(baseUrl !== undefined && { baseUrl: baseUrl.replace(/\/+$/, '') }),
      ...(secret !== undefined && {
        secret: await vault.seal(secret),
        hint: hintOf(secret),
        fingerprint: await fingerprintOf(kind, secret),
      }),
      ...(weight !== undefined && { weight }),
      ...(maxInFlight !== undefined && { maxInFlight }),
      ...(requestsPerMinute !== undefined && { requestsPerMinute }),
      ...(models !== undefined && { models }),
      ...(api !== undefined && { api }),
      ...(proxy !== undefined && { proxy: proxy && (await vault.seal(readProxy(proxy))) }),
      ...(tier !== undefined && { tier }),
      ...(extras !== undefined && {
        extras: extras && (await vault.seal(JSON.stringify(extras))),
      }),
      ...(tags !== undefined && { tags }),
      ...(note !== undefined && { note }),
    }
  }

  return {
    list: (): Promise<StoredAccount[]> => read('ORDER BY kind, name'),

    /** @throws SetupError when an account of that kind and name exists: it is left as it is. */
    async add({ kind, ...wanted }: NewAccount): Promise<StoredAccount> {
      await refuseTaken(kind, wanted.name)
      const account: StoredAccount = {
        ...BLANK,
        id: newId(),
        kind,
        createdAt: new Date(now()),
        ...(await columnsOf(kind, wanted)),
      }
      await db.batch([db.insert(accounts).values(account), touchRevision(db)])
      return account
    },

    /**
     * Change an account. What was held against its old secret is forgotten with it.
     *
     * @throws SetupError when another account of its kind has the name that it is to get
     */
    async update({ id, kind }: StoredAccount, changes: AccountChanges): Promise<void> {
      if (changes.name !== undefined) await refuseTaken(kind, changes.name, id)
      const set = await columnsOf(kind, changes)
      await db.batch([
        db.update(accounts).set(set).where(eq(accounts.id, id)),
        ...(set.secret === undefined ? [] : clearing(db, id, now())),
        touchRevision(db),
      ])
    },

    /** Switch an account on or off; its turns in progress go on. */
    async setEnabled(id: string, enabled: boolean): Promise<void> {
      await db.batch([
        db.update(accounts).set({ enabled }).where(eq(accounts.id, id)),
        touchRevision(db),
      ])
    },

    /** Remove an account with all that is known of it but what the ledger tells. */
    async remove(id: string): Promise<void> {
      await db.batch([
        db.delete(accounts).where(eq(accounts.id, id)),
        db.delete(accountStates).where(eq(accountStates.accountId, id)),
        db.delete(accountQuotas).where(eq(accountQuotas.accountId, id)),
        db.delete(modelLists).where(eq(modelLists.accountId, id)),
        touchRevision(db),
      ])
    },
  }
}

export type Accounts = ReturnType<typeof createAccounts>

/** Tells a secret from others without telling anything of it: what it is made from has entropy enough. */
export const fingerprintOf = (kind: AccountKind, secret: string): Promise<string> =>
  sha256(`groxy account\n${kind}\n${secret}`)

const BLANK = {
  name: '',
  baseUrl: '',
  secret: '',
  hint: '',
  enabled: true,
  weight: 1,
  maxInFlight: null,
  requestsPerMinute: null,
  models: null,
  proxy: null,
  api: null,
  tier: null,
  extras: null,
  fingerprint: null,
  tags: null,
  note: null,
}
