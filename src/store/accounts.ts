import { and, asc, eq } from 'drizzle-orm'
import { newId, type Vault } from '../crypto'
import { SetupError } from '../errors'
import type { Database } from './database'
import { hintOf } from './keys'
import { touchRevision } from './revision'
import { type ACCOUNT_KINDS, accounts } from './schema'

/** An account as it is stored: its secret is sealed. */
export type StoredAccount = typeof accounts.$inferSelect
export type AccountKind = (typeof ACCOUNT_KINDS)[number]

/** What an operator says about an account when adding it. */
export interface NewAccount {
  readonly kind: AccountKind
  readonly name: string
  readonly baseUrl: string
  readonly secret: string
  readonly weight?: number | undefined
  readonly maxInFlight?: number | undefined
  readonly requestsPerMinute?: number | undefined
  readonly models?: readonly string[] | undefined
}

/** The accounts that are kept in the database. */
export function createAccounts(db: Database, vault: Vault, now: () => number) {
  return {
    list: (): Promise<StoredAccount[]> =>
      db.select().from(accounts).orderBy(asc(accounts.kind), asc(accounts.name)),

    /** @throws SetupError when an account of that kind and name exists: it is left as it is. */
    async add(wanted: NewAccount): Promise<StoredAccount> {
      const { kind, name } = wanted
      const [taken] = await db
        .select({ id: accounts.id })
        .from(accounts)
        .where(and(eq(accounts.kind, kind), eq(accounts.name, name)))
      if (taken)
        throw new SetupError(
          `There is already an ${kind} account named "${name}".`,
          'Choose another name with --name.',
        )
      const account: StoredAccount = {
        id: newId(),
        kind,
        name,
        baseUrl: wanted.baseUrl.replace(/\/+$/, ''),
        secret: await vault.seal(wanted.secret),
        hint: hintOf(wanted.secret),
        enabled: true,
        weight: wanted.weight ?? 1,
        maxInFlight: wanted.maxInFlight ?? null,
        requestsPerMinute: wanted.requestsPerMinute ?? null,
        models: wanted.models ?? null,
        proxy: null,
        createdAt: new Date(now()),
      }
      await db.batch([db.insert(accounts).values(account), touchRevision(db)])
      return account
    },
  }
}

export type Accounts = ReturnType<typeof createAccounts>
