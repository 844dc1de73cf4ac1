import { createVault, newId, randomToken, sha256 } from '#src/crypto'
import { type FakePool, secretOf } from '../fakes/pool'
import { gateway } from './gateway'

export { take } from './pool-turn'

/** What the tests for the pool say about an account. */
export interface PoolAccount {
  readonly name: string
  /** Where it stands among the others hangs on this; left to chance if left out. */
  readonly id?: string
  readonly kind?: 'xai' | 'openai'
  readonly baseUrl: string
  readonly models?: readonly string[] | null
  readonly max?: number
}

export type Execute = (sql: string, args?: (string | number | null)[]) => Promise<unknown>

export const TEST_SECRET = 'a secret for tests'

const TOUCH = `INSERT INTO settings (name, value) VALUES ('revision', 1)
  ON CONFLICT (name) DO UPDATE SET value = value + 1`

/** Put accounts into a database as any program could that knows the tables and the secret. */
export async function insertAccounts(
  execute: Execute,
  accounts: readonly PoolAccount[],
  secret = TEST_SECRET,
): Promise<void> {
  const vault = createVault(secret)
  for (const { name, id = newId(), kind = 'xai', baseUrl, models = ['grok-4'], max } of accounts)
    await execute(
      `INSERT INTO accounts (id, kind, name, base_url, secret, hint, enabled, weight, max_in_flight,
        models, created_at) VALUES (?, ?, ?, ?, ?, ?, 1, 1, ?, ?, ?)`,
      [
        id,
        kind,
        name,
        baseUrl,
        await vault.seal(secretOf(name)),
        secretOf(name).slice(-4),
        max ?? null,
        models && JSON.stringify(models),
        Date.now(),
      ],
    )
  await execute(TOUCH)
}

interface PoolKey {
  readonly name: string
  readonly rpm?: number
  readonly concurrency?: number
}

/** Put a key into a database; what it returns is what programs present. */
export async function insertKey(
  execute: Execute,
  { name, rpm, concurrency }: PoolKey,
): Promise<string> {
  const secret = `sk-groxy-${randomToken(32)}`
  await execute(
    `INSERT INTO keys (id, name, secret_hash, hint, enabled, requests_per_minute, concurrency,
      rescue, created_at) VALUES (?, ?, ?, ?, 1, ?, ?, 'off', ?)`,
    [newId(), name, await sha256(secret), '', rpm ?? null, concurrency ?? null, Date.now()],
  )
  await execute(TOUCH)
  return secret
}

interface Options {
  readonly accounts?: readonly PoolAccount[]
  readonly settings?: Record<string, unknown>
  readonly now?: () => number
}

const LOOK_MS = 500

/** A whole gateway with accounts of a fake pool; like the server it looks around by itself. */
export async function poolGateway({ accounts = [], settings = {}, now }: Options) {
  const it = await gateway({ settings, ...(now && { now }) })
  const execute: Execute = (sql, args = []) => it.client.execute({ sql, args })
  await insertAccounts(execute, accounts)
  await it.app.refresh()
  const timer = setInterval(() => void it.app.refresh(), LOOK_MS)
  return {
    ...it,
    /** Change the database by SQL, and let the gateway know. */
    async change(sql: string, args: (string | number | null)[] = []): Promise<void> {
      await execute(sql, args)
      await execute(TOUCH)
      await it.app.refresh()
    },
    async addAccounts(more: readonly PoolAccount[]): Promise<void> {
      await insertAccounts(execute, more)
      await it.app.refresh()
    },
    async rows(sql: string): Promise<Record<string, unknown>[]> {
      await it.app.flush()
      const { rows } = await it.client.execute(sql)
      return rows.map((row) => ({ ...row }))
    },
    /** The names of accounts by their ids. */
    async names(): Promise<ReadonlyMap<string, string>> {
      const { rows } = await it.client.execute('SELECT id, name FROM accounts')
      return new Map(rows.map(({ id, name }) => [String(id), String(name)]))
    },
    async key(name: string): Promise<string> {
      const { secret } = await it.stores.keys.create({ name })
      await it.app.refresh()
      return secret
    },
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      await it[Symbol.asyncDispose]()
    },
  }
}

export type PoolGateway = Awaited<ReturnType<typeof poolGateway>>

/** All accounts of a fake, at its address. */
export const accountsOf = (
  pool: FakePool,
  more: Partial<Omit<PoolAccount, 'name'>> = {},
): PoolAccount[] => pool.accounts().map(({ name }) => ({ name, baseUrl: pool.url, ...more }))

/** Do something for each item, so many at once, in order. */
export async function inParallel<T>(
  width: number,
  items: Iterable<T>,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const queue = items[Symbol.iterator]()
  const worker = async () => {
    for (let next = queue.next(); !next.done; next = queue.next()) await work(next.value)
  }
  await Promise.all(Array.from({ length: width }, worker))
}
