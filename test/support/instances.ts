import { createClient } from '@libsql/client/web'
import { emptyFolder, startGroxy } from './executable'
import { KEY } from './gateway'
import { type Execute, insertAccounts, type PoolAccount, TEST_SECRET, take } from './pool'
import { until } from './programs'
import { type Sqld, sqld } from './sqld'

/** What an instance is started with, wherever its database is. */
export const INSTANCE_ENV = {
  GROXY_SECRET: TEST_SECRET,
  GROXY_API_KEY: KEY,
  ADMIN_PASSWORD: 'a password for tests',
}

/** One executable over a database that it may share; `GROXY_API_KEY` is `KEY`. */
export const startInstance = (url: string) =>
  startGroxy(emptyFolder(), { ...INSTANCE_ENV, DATABASE_URL: url })

export type Instance = Awaited<ReturnType<typeof startInstance>>

/** A libSQL server with a way to ask and change it by SQL. */
export async function sharedDatabase() {
  const server: Sqld = await sqld()
  const client = createClient({ url: server.url })
  const execute: Execute = (sql, args = []) => client.execute({ sql, args })
  return {
    url: server.url,
    server,
    execute,
    async rows(sql: string): Promise<Record<string, unknown>[]> {
      const { rows } = await client.execute(sql)
      return rows.map((row) => ({ ...row }))
    },
    async [Symbol.asyncDispose]() {
      client.close()
      await server[Symbol.asyncDispose]()
    },
  }
}

export type SharedDatabase = Awaited<ReturnType<typeof sharedDatabase>>

/** Add accounts, and wait until every instance takes turns for them. */
export async function addAccounts(
  execute: Execute,
  accounts: readonly PoolAccount[],
  instances: readonly Pick<Instance, 'url'>[],
): Promise<void> {
  await insertAccounts(execute, accounts)
  for (const instance of instances) await isReady(instance, KEY)
}

/** Wait until an instance knows a key and has an account. */
export const isReady = (instance: Pick<Instance, 'url'>, key: string, prompt = 'Are you there?') =>
  until(async () => {
    const { status } = await take(instance, { prompt, key })
    return status === 200 || undefined
  })
