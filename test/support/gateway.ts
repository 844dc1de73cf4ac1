import type { Client } from '@libsql/client/web'
import { createApp } from '#src/app'
import { createPlatform } from '#src/cli/platform'
import { readConfig } from '#src/config'
import { createVault } from '#src/crypto'
import { createLog } from '#src/log'
import type { Siblings } from '#src/platform'
import { openFile } from '#src/store/file'
import type { NewKey } from '#src/store/keys'
import { migrate } from '#src/store/migrate'
import { createStores } from '#src/store/stores'
import { KEY } from './key'

export { KEY } from './key'
export { readEvents, textOf } from './streams'

interface Options {
  readonly env?: Record<string, string>
  readonly settings?: Record<string, unknown>
  readonly now?: () => number
  readonly path?: string
  /** The database, if it is not a file. */
  readonly client?: Client
  /** Which addresses clients' URLs may lead to, if others than the public ones. */
  readonly reachable?: (address: string) => boolean
  /** What names stand for, if other addresses than the machine knows. */
  readonly resolve?: (host: string) => Promise<readonly string[]>
  /** The other processes of its machine, if there are any. */
  readonly siblings?: Siblings
}

/** A whole gateway with a database in memory, on a port of its own. */
export async function gateway(options: Options = {}) {
  const { env = {}, settings = {}, now, path = ':memory:', reachable, resolve, siblings } = options
  const client = options.client ?? openFile(path)
  await migrate(client)
  const vault = createVault('a secret for tests')
  const clock = now ?? Date.now
  const stores = createStores({ client, vault, now: clock })
  for (const [name, value] of Object.entries(settings)) await stores.settings.set(name, value)
  const config = readConfig({ GROXY_API_KEY: KEY, DATABASE_URL: `file:${path}`, ...env })
  const lines: string[] = []
  const log = createLog({
    level: 'debug',
    write: (line) => lines.push(line),
    readable: false,
    now: clock,
  })
  const state = { client, secret: 'a secret for tests', vault, stores, applied: [] }
  const platform = {
    ...createPlatform(config, state, log),
    now: clock,
    ...(reachable && { reachable }),
    ...(resolve && { resolve }),
    ...(siblings && { siblings }),
  }
  const app = createApp(platform)
  await app.load()
  await platform.settle()
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    idleTimeout: 0,
    development: false,
    maxRequestBodySize: Number.MAX_SAFE_INTEGER,
    fetch: app.fetch,
    websocket: platform.sockets.websocket,
  })
  const url = `http://127.0.0.1:${server.port}`
  const headers = { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' }
  return {
    app,
    client,
    stores,
    url,
    lines,
    setupToken: await app.setupToken(),
    get: (path: string, init: RequestInit = {}) => fetch(url + path, { headers, ...init }),
    post: (path: string, body: unknown, init: RequestInit = {}) =>
      fetch(url + path, {
        method: 'POST',
        headers,
        body: typeof body === 'string' ? body : JSON.stringify(body),
        ...init,
      }),
    /** Wait for the work that was left for later. */
    settle: platform.settle,
    /** The ledger, when everything was written, newest first. */
    async ledger() {
      await app.flush()
      return stores.ledger.recent(1000)
    },
    async [Symbol.asyncDispose]() {
      await server.stop(true)
      await app.flush()
      await platform.settle()
      client.close()
    },
  }
}

export type Gateway = Awaited<ReturnType<typeof gateway>>

/** A key with limits, and how to ask with it. */
export async function keyed(it: Gateway, limits: Partial<NewKey>) {
  const { key, secret } = await it.stores.keys.create({ name: 'k', ...limits })
  await it.app.refresh()
  const headers = { authorization: `Bearer ${secret}`, 'content-type': 'application/json' }
  return {
    id: key.id,
    headers,
    ask: (body: object = ASK, init: RequestInit = {}) =>
      it.post('/v1/chat/completions', body, { headers, ...init }),
    post: (path: string, body: object) => it.post(path, body, { headers }),
    get: (path: string) => it.get(path, { headers }),
  }
}

/** The environment that makes an account of a fake upstream. */
export const xaiAt = (url: string) => ({ XAI_API_KEY: 'xai-account-secret-1', XAI_BASE_URL: url })
export const openaiAt = (url: string) => ({
  OPENAI_API_KEY: 'sk-account-secret-2',
  OPENAI_BASE_URL: url,
})

export const ASK = { model: 'grok-4', messages: [{ role: 'user', content: 'Hi' }] }
