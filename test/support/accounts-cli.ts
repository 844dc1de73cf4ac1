import { join } from 'node:path'
import { createVault } from '#src/crypto'
import { openFile } from '#src/store/file'
import { createStores } from '#src/store/stores'
import { groxy, runProgram, scratch } from './programs'

const SECRET = 'a secret for tests'

/** A database of its own, as a command and as the store see it. */
export async function accountsCli() {
  await using stack = new AsyncDisposableStack()
  const folder = stack.use(await scratch('accounts'))
  const path = join(folder.path, 'groxy.db')
  const env = { DATABASE_URL: `file:${path}`, GROXY_SECRET: SECRET }
  await groxy(['migrate'], env)
  const client = openFile(path)
  stack.defer(() => client.close())
  const vault = createVault(SECRET)
  const stores = createStores({ client, vault, now: Date.now })
  const kept = stack.move()
  return {
    ...stores,
    client,
    vault,
    /** A file of this name in the folder of the database. */
    file: (name: string) => join(folder.path, name),
    run: (...args: string[]) => groxy(args, env),
    runWith: (more: Record<string, string>, ...args: string[]) => groxy(args, { ...env, ...more }),
    /** Run what may fail, with what it is to read from its standard input. */
    async tried(args: readonly string[], input?: string) {
      const command = [process.execPath, 'src/main.ts', 'accounts', ...args]
      return runProgram(command, { env, ...(input !== undefined && { input }) })
    },
    refused: async (...args: string[]) => {
      const { code, stdout, stderr } = await runProgram(
        [process.execPath, 'src/main.ts', ...args],
        { env },
      )
      return { code, said: stdout + stderr }
    },
    account: async (name: string) => {
      const found = (await stores.accounts.list()).find((account) => account.name === name)
      if (!found) throw new Error(`There is no account ${name}.`)
      return found
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}

export type AccountsCli = Awaited<ReturnType<typeof accountsCli>>
