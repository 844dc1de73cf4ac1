import type { Client, Row } from '@libsql/client/web'
import { and, eq, inArray, ne, sql } from 'drizzle-orm'
import type { BatchItem } from 'drizzle-orm/batch'
import { newId, type Vault } from '../crypto'
import type { Extras } from '../extras'
import { BLANK, columnsOf, fingerprintOf, identityOf, isSealedAs } from './account-columns'
import { markOld } from './account-fingerprints'
import { clearing } from './account-states'
import { AccountTaken } from './account-taken'
import type { Database } from './database'
import { touchRevision } from './revision'
import { createPagedReader, createReader } from './rows'
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
  readonly enabled?: boolean | undefined
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

/** What is to change about one of several accounts. */
export interface ManyChanges {
  readonly account: StoredAccount
  readonly changes: Omit<AccountChanges, 'name' | 'secret'>
}

interface AccountsParts {
  readonly db: Database
  readonly client: Client
  readonly vault: Vault
  readonly now: () => number
}

/** What people call an account. */
export interface CalledAccount {
  readonly id: string
  readonly kind: string
  readonly name: string
}

/** A row that says no more. */
export const calledOf = ({ id, kind, name }: Row): CalledAccount => ({
  id: String(id),
  kind: String(kind),
  name: String(name),
})

/** One account or several, by their ids. */
type Ids = string | readonly string[]

/** How many accounts one batch changes. */
const AT_ONCE = 500
const MOST_CALLED = 5_000

/** Who saw an account before this change sees by it that there was one. */
export const GROWN = { version: sql`${accounts.version} + 1` }

/** The accounts that are kept in the database. */
export function createAccounts({ db, client, vault, now }: AccountsParts) {
  const read = createPagedReader(client, accounts, ['kind', 'name'])
  const readSome = createReader(client, accounts)

  async function refuseTaken(kind: AccountKind, name: string, but = ''): Promise<void> {
    const [taken] = await db
      .select({ id: accounts.id })
      .from(accounts)
      .where(and(eq(accounts.kind, kind), eq(accounts.name, name), ne(accounts.id, but)))
    if (taken)
      throw new AccountTaken(
        'name',
        { kind, name },
        `There is already ${kind === 'web' ? 'a' : 'an'} ${kind} account named "${name}".`,
        `Choose another name with ${but ? '--rename' : '--name'}.`,
      )
  }

  /** One secret under two names would be counted, limited and blamed as if it were two. */
  async function refuseKnown(
    account: Pick<StoredAccount, 'id' | 'kind' | 'secret' | 'baseUrl'>,
  ): Promise<void> {
    const { kind, secret, baseUrl, id } = account
    await markOld(client, vault)
    const fingerprint = await fingerprintOf(kind, secret)
    const known = await db
      .select({ name: accounts.name, baseUrl: accounts.baseUrl })
      .from(accounts)
      .where(and(eq(accounts.fingerprint, fingerprint), ne(accounts.id, id)))
    const identity = identityOf(kind, fingerprint, baseUrl)
    const same = known.find((one) => identityOf(kind, fingerprint, one.baseUrl) === identity)
    if (same)
      throw new AccountTaken(
        'secret',
        { kind, name: same.name },
        `That secret is there already, as the ${kind} account "${same.name}".`,
        `Change that one with: groxy accounts set ${kind}/${same.name}`,
      )
  }

  /** Do something to accounts, so many in a batch, each of them told to every instance. */
  async function inBatches(
    given: Ids,
    work: (ids: string[]) => BatchItem<'sqlite'>[],
  ): Promise<void> {
    const ids = typeof given === 'string' ? [given] : given
    for (let from = 0; from < ids.length; from += AT_ONCE)
      await db.batch([touchRevision(db), ...work(ids.slice(from, from + AT_ONCE))])
  }

  return {
    /** All of them, by kind and name. */
    list: (): Promise<StoredAccount[]> => read(),

    async find(id: string): Promise<StoredAccount | undefined> {
      const [account] = await readSome('WHERE id = ?', [id])
      return account
    },

    /** What those of these ids are called that there are. */
    async called(ids: readonly string[]): Promise<CalledAccount[]> {
      const found: CalledAccount[] = []
      for (let from = 0; from < ids.length; from += MOST_CALLED) {
        const { rows } = await client.execute({
          sql: 'SELECT id, kind, name FROM accounts WHERE id IN (SELECT value FROM json_each(?))',
          args: [JSON.stringify(ids.slice(from, from + MOST_CALLED))],
        })
        found.push(...rows.map(calledOf))
      }
      return found
    },

    /** Those of these ids that there are, in whatever order. */
    async some(ids: readonly string[]): Promise<StoredAccount[]> {
      const found: StoredAccount[] = []
      for (let from = 0; from < ids.length; from += AT_ONCE)
        found.push(
          ...(await readSome('WHERE id IN (SELECT value FROM json_each(?))', [
            JSON.stringify(ids.slice(from, from + AT_ONCE)),
          ])),
        )
      return found
    },

    /** @throws SetupError when there is one of that kind and name, or one with that secret: it is left as it is. */
    async add({ kind, ...wanted }: NewAccount): Promise<StoredAccount> {
      const account: StoredAccount = {
        ...BLANK,
        id: newId(),
        kind,
        createdAt: new Date(now()),
        ...(await columnsOf(vault, kind, wanted)),
      }
      const refuse = async () => {
        await refuseKnown({ ...account, secret: wanted.secret })
        await refuseTaken(kind, wanted.name)
      }
      await refuse()
      try {
        await db.batch([db.insert(accounts).values(account), touchRevision(db)])
      } catch (cause) {
        // Somebody else may have been as fast: who pressed twice did.
        await refuse()
        throw cause
      }
      return account
    },

    /**
     * Change an account. What was held against its old secret is forgotten with it.
     *
     * @param version of the account as it was seen: where it is another by now, nothing is changed
     * @returns whether it was changed
     * @throws SetupError when another account of its kind has the name or the secret that it is to get
     */
    async update(
      { id, kind, baseUrl }: StoredAccount,
      changes: AccountChanges,
      version?: number,
    ): Promise<boolean> {
      const { name, secret } = changes
      if (name !== undefined) await refuseTaken(kind, name, id)
      const set = await columnsOf(vault, kind, changes)
      if (secret !== undefined)
        await refuseKnown({ id, kind, secret, baseUrl: set.baseUrl ?? baseUrl })
      const isMeant = and(
        eq(accounts.id, id),
        version === undefined ? undefined : eq(accounts.version, version),
      )
      const [changed] = await db.batch([
        db
          .update(accounts)
          .set({ ...set, ...GROWN })
          .where(isMeant)
          .returning({ id: accounts.id }),
        // Sealed it is like no other: who comes too late clears nothing.
        ...(set.secret === undefined ? [] : clearing(db, [id], now(), isSealedAs(id, set.secret))),
        touchRevision(db),
      ])
      return changed.length > 0
    },

    /** Change several accounts, each its own way, but for their names and secrets. */
    async updateAll(all: readonly ManyChanges[]): Promise<void> {
      for (let from = 0; from < all.length; from += AT_ONCE) {
        const some = all.slice(from, from + AT_ONCE)
        const sets = await Promise.all(
          some.map(async ({ account: { id, kind }, changes }) => ({
            id,
            set: await columnsOf(vault, kind, changes),
          })),
        )
        await db.batch([
          touchRevision(db),
          ...sets.map(({ id, set }) =>
            db
              .update(accounts)
              .set({ ...set, ...GROWN })
              .where(eq(accounts.id, id)),
          ),
        ])
      }
    },

    /** Switch accounts on or off; their turns in progress go on. */
    setEnabled: (ids: Ids, enabled: boolean): Promise<void> =>
      inBatches(ids, (some) => [
        db
          .update(accounts)
          .set({ enabled, ...GROWN })
          .where(inArray(accounts.id, some)),
      ]),

    /** Remove accounts with all that is known of them but what the ledger tells. */
    remove: (ids: Ids): Promise<void> =>
      inBatches(ids, (some) => [
        db.delete(accounts).where(inArray(accounts.id, some)),
        db.delete(accountStates).where(inArray(accountStates.accountId, some)),
        db.delete(accountQuotas).where(inArray(accountQuotas.accountId, some)),
        db.delete(modelLists).where(inArray(modelLists.accountId, some)),
      ]),
  }
}

export type Accounts = ReturnType<typeof createAccounts>
