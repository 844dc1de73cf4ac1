import { createVault } from '#src/crypto'
import { openRemote } from '#src/store/remote'
import { createStores } from '#src/store/stores'
import { fakeUpstream } from '../fakes/upstream'
import { ASK, openaiAt } from './gateway'
import { groxy } from './programs'
import { sqld } from './sqld'
import { type Bindings, builtWorker, workerd } from './workerd'

const SECRET = 'a secret for tests'

/**
 * A Worker over a libSQL server. The database is brought up to date and the first key made as an
 * operator would: by command line.
 */
export async function workerWorld() {
  await using stack = new AsyncDisposableStack()
  const database = stack.use(await sqld())
  const build = stack.use(await builtWorker())
  const upstream = stack.use(fakeUpstream())
  const env = { DATABASE_URL: database.url, GROXY_SECRET: SECRET }
  const migrated = await groxy(['migrate'], env)
  const key = keyIn(await groxy(['keys', 'create', 'test'], env))
  const variables = { ...env, ...openaiAt(upstream.url), LOG_LEVEL: 'debug' }
  const worker = stack.use(await workerd(build.outdir, variables))
  const client = openRemote(database.url)
  stack.defer(() => client.close())
  const stores = createStores({ client, vault: createVault(SECRET), now: Date.now })
  const kept = stack.move()
  return {
    build,
    database,
    migrated,
    env,
    key,
    upstream,
    worker,
    client,
    stores,
    ask: (body: object) => post({ url: worker.url, key }, body),

    /** A Worker that knows nothing yet, for tests that leave their traces in it. */
    async another(variables: Readonly<Record<string, string>> = {}, bindings: Bindings = {}) {
      const upstream = fakeUpstream()
      const all = { ...env, ...openaiAt(upstream.url), LOG_LEVEL: 'debug', ...variables }
      const worker = await workerd(build.outdir, all, bindings)
      return {
        ...worker,
        upstream,
        ask: (body: object, init: RequestInit = {}) => post({ url: worker.url, key }, body, init),
        async [Symbol.asyncDispose]() {
          await worker[Symbol.asyncDispose]()
          await upstream.stop()
        },
      }
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}

export type WorkerWorld = Awaited<ReturnType<typeof workerWorld>>

interface Asker {
  readonly url: string
  readonly key: string
}

/** Ask for a chat. */
export const post = ({ url, key }: Asker, body: object, init: RequestInit = {}) =>
  fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ ...ASK, ...body }),
    ...init,
  })

/** The key in what the command line said when it made one. */
export const keyIn = (said: string): string => said.match(/sk-groxy-\S+/)?.[0] ?? ''
