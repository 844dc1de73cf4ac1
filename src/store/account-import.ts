import type { Client, InValue } from '@libsql/client/web'
import { newId, type Vault } from '../crypto'
import { SetupError } from '../errors'
import {
  BLANK,
  columnsOf,
  fingerprintOf,
  generatedName,
  identityOf,
  withoutSlash,
} from './account-columns'
import { markOld } from './account-fingerprints'
import type { AccountKind, NewAccount, StoredAccount } from './accounts'
import type { Database } from './database'
import { touchRevision } from './revision'
import { insertsOf } from './rows'
import { accounts } from './schema'

/** An account to be taken in. One without a name gets one. */
export type ImportedAccount = Omit<NewAccount, 'name'> & { readonly name?: string | undefined }

/** What became of an account: its name, or that of the one which has its secret already. */
export interface Imported {
  readonly outcome: 'added' | 'known'
  readonly name: string
  /** Of one that was added, and not only looked at. */
  readonly id?: string
}

interface ImportOptions {
  /** Only look what would become of them. */
  readonly dryRun?: boolean
  /** Told after each batch how many are done. */
  readonly onProgress?: (done: number) => void
  /** Ends the work after a batch; what is in stays in. */
  readonly signal?: AbortSignal
}

interface ImportParts {
  readonly db: Database
  readonly client: Client
  readonly vault: Vault
  readonly now: () => number
}

/** One batch is one request of a database that is far away, which takes so much and no more. */
const MOST_ACCOUNTS = 500
const MOST_SIGNS = 500_000

/** How often accounts are looked at again whose name another process took in between. */
const ROUNDS = 3

interface Candidate {
  readonly given: ImportedAccount
  readonly fingerprint: string
  readonly identity: string
}

/** Takes in many accounts at once. */
export function createAccountImport({ db, client, vault, now }: ImportParts) {
  async function candidate(given: ImportedAccount): Promise<Candidate> {
    const { kind, secret, baseUrl } = given
    const fingerprint = await fingerprintOf(kind, secret)
    return { given, fingerprint, identity: identityOf(kind, fingerprint, withoutSlash(baseUrl)) }
  }

  async function rowOf({ given, fingerprint }: Candidate, name: string): Promise<StoredAccount> {
    const { kind } = given
    const columns = await columnsOf(vault, kind, { ...given, name })
    return {
      ...BLANK,
      ...{ id: newId(), kind, createdAt: new Date(now()) },
      ...columns,
      fingerprint,
    }
  }

  /** The names of those who have one of these secrets, by what makes accounts the same. */
  async function knownOf(candidates: readonly Candidate[]): Promise<Map<string, string>> {
    const { rows } = await client.execute({
      sql: `SELECT kind, fingerprint, base_url, name FROM accounts
        WHERE fingerprint IN (SELECT value FROM json_each(?))`,
      args: [JSON.stringify(candidates.map(({ fingerprint }) => fingerprint))],
    })
    return new Map(
      rows.map(({ kind, fingerprint, base_url: url, name }) => [
        identityOf(kind as AccountKind, String(fingerprint), String(url)),
        String(name),
      ]),
    )
  }

  async function takenOf(candidates: readonly Candidate[]): Promise<Set<string>> {
    const { rows } = await client.execute({
      sql: `SELECT kind, name FROM accounts WHERE kind IN (SELECT value FROM json_each(?))
        AND name IN (SELECT value FROM json_each(?))`,
      args: [
        JSON.stringify([...new Set(candidates.map(({ given }) => given.kind))]),
        JSON.stringify(candidates.flatMap(namesOf)),
      ],
    })
    return new Set(rows.map(({ kind, name }) => `${kind}/${name}`))
  }

  /** Says which of them are in: another process may have taken the name of one meanwhile. */
  async function insert(rows: readonly StoredAccount[]): Promise<Set<string>> {
    const touch = touchRevision(db).toSQL()
    const results = await client.batch(
      [
        ...insertsOf(accounts, rows, 'ON CONFLICT (kind, name) DO NOTHING RETURNING id'),
        { sql: touch.sql, args: touch.params as InValue[] },
      ],
      'write',
    )
    return new Set(results.flatMap(({ rows: ids }) => ids.map(({ id }) => String(id))))
  }

  async function takeIn(candidates: readonly Candidate[], dryRun: boolean) {
    const done = new Map<Candidate, Imported>()
    for (let round = 0; round < ROUNDS && done.size < candidates.length; round++) {
      const left = candidates.filter((one) => !done.has(one))
      // In this order: who comes between the two is known, and not somebody who only has the name.
      const taken = await takenOf(left)
      const known = await knownOf(left)
      const fresh: { readonly one: Candidate; readonly name: string }[] = []
      for (const one of left) {
        const owner = known.get(one.identity)
        if (owner !== undefined) {
          done.set(one, { outcome: 'known', name: owner })
          continue
        }
        const { kind } = one.given
        const name = namesOf(one).find((free) => !taken.has(`${kind}/${free}`)) ?? newId()
        taken.add(`${kind}/${name}`)
        known.set(one.identity, name)
        fresh.push({ one, name })
      }
      const rows = dryRun ? [] : await Promise.all(fresh.map(({ one, name }) => rowOf(one, name)))
      const added = rows.length > 0 ? await insert(rows) : undefined
      for (const [at, { one, name }] of fresh.entries())
        if (dryRun) done.set(one, { outcome: 'added', name })
        else if (added?.has(rows[at]?.id ?? ''))
          done.set(one, { outcome: 'added', name, id: rows[at]?.id ?? '' })
    }
    return candidates.map((one) => done.get(one) ?? contended())
  }

  return {
    /**
     * Take accounts in, those that are there already excepted: these stay as they are. Each batch is all or
     * nothing; where one fails those before it are in, and may be given again.
     *
     * @returns what became of each, in their order, up to where the work ended
     */
    async add(
      given: readonly ImportedAccount[],
      { dryRun = false, onProgress, signal }: ImportOptions = {},
    ): Promise<readonly Imported[]> {
      const outcomes: Imported[] = []
      await markOld(client, vault)
      for (const some of batchesOf(given)) {
        if (signal?.aborted) break
        const candidates = await Promise.all(some.map(candidate))
        outcomes.push(...(await takeIn(candidates, dryRun)))
        onProgress?.(outcomes.length)
      }
      return outcomes
    },
  }
}

export type AccountImport = ReturnType<typeof createAccountImport>

/** The names that an account may get, the best first. */
function namesOf({ given: { kind, name }, fingerprint }: Candidate): string[] {
  const own = name === undefined ? [] : [name, `${name}-${fingerprint.slice(0, 8)}`]
  return [...own, ...[8, 16, 64].map((length) => generatedName(kind, fingerprint, length))]
}

function contended(): never {
  throw new SetupError(
    'Somebody else adds the same accounts.',
    'Import the file again: what is there is left as it is.',
  )
}

function* batchesOf(given: readonly ImportedAccount[]): Generator<readonly ImportedAccount[]> {
  let some: ImportedAccount[] = []
  let signs = 0
  for (const account of given) {
    const size = sizeOf(account)
    if (some.length === MOST_ACCOUNTS || (some.length > 0 && signs + size > MOST_SIGNS)) {
      yield some
      some = []
      signs = 0
    }
    some.push(account)
    signs += size
  }
  if (some.length > 0) yield some
}

/** About what an account takes in a statement, sealed. */
const sizeOf = ({ secret, extras, note, tags }: ImportedAccount): number =>
  400 +
  (secret.length + (extras ? JSON.stringify(extras).length : 0)) * 1.5 +
  (note?.length ?? 0) +
  (tags?.join().length ?? 0)
