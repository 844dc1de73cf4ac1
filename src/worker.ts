import { env, waitUntil } from 'cloudflare:workers'
import { CloudflareAdapter } from 'elysia/adapter/cloudflare-worker'
import { createApp } from './app'
import { readConfig } from './config'
import { sha256 } from './crypto'
import { SetupError } from './errors'
import type { AssetName } from './http/swagger'
import { createLog } from './log'
import { type Bucket, createBucket } from './media/bucket'
import type { Platform } from './platform'
import { environmentKey } from './store/keys'
import { createObjects } from './store/objects'
import { openRemote } from './store/remote'
import { createGptTokenizer } from './turn/gpt-tokenizer'
import type { Tokenizer } from './turn/tokenizer'
import { connectOnWorkers } from './worker-connect'
import { workerHasher } from './worker-hasher'
import { upgradeOnWorkers } from './worker-sockets'

// Entry for Cloudflare Workers. Built once per isolate: Elysia may compile only at start-up, and
// nothing here may read or write.

/** The files of `dist/worker/assets`, which are deployed beside the script. */
interface Assets {
  fetch(request: Request): Promise<Response>
}

const config = readConfig(env)
const { GROXY_SECRET: secret, GROXY_API_KEY: ownKey } = config
if (!secret)
  throw new SetupError('GROXY_SECRET is missing.', 'Set it with: wrangler secret put GROXY_SECRET')
if (config.DATABASE_URL.startsWith('file:'))
  throw new SetupError(
    'A Worker has no files.',
    'Set DATABASE_URL to a libSQL server such as Turso: libsql://…',
  )

const assets = env.ASSETS as Assets | undefined
const bucket = env.MEDIA as Bucket | undefined
const asset = (name: string) => assets?.fetch(new Request(`https://assets/${name}`))

let tokenizer: Tokenizer | undefined
const environmentKeys = new Map()

const client = openRemote(config.DATABASE_URL, config.DATABASE_AUTH_TOKEN)
const call: Platform['fetch'] = (url, init) => fetch(url, init as RequestInit)

const platform: Platform = {
  config,
  client,
  self: { worksBehind: true, processes: 1 },
  ground: {
    runtime: 'Cloudflare Workers',
    database: { kind: 'server', host: new URL(config.DATABASE_URL).host },
    media: { kind: bucket ? 'bucket' : 'database' },
    environment: () => env,
  },
  objects: bucket ? createBucket(bucket) : createObjects({ client, now: Date.now }),
  secret,
  later: waitUntil,
  fetch: call,
  connect: connectOnWorkers(call),
  canProxy: false,
  spreadMs: 0,
  now: Date.now,
  random: Math.random,
  compilesLate: false,
  log: createLog({
    level: config.LOG_LEVEL,
    write: (line) => console.log(line),
    readable: false,
    now: Date.now,
  }),
  digest: sha256,
  hasher: workerHasher,
  sharesWork: false,
  // An isolate has 128 MiB for everything.
  hashMemory: 48 * 1024 * 1024,
  // Cloudflare sets it, whatever a client says.
  addressOf: (request) => request.headers.get('cf-connecting-ip') ?? undefined,
  async tokenizer() {
    if (tokenizer) return tokenizer
    const ranks = await asset('cl100k_base.json')
    if (!ranks?.ok)
      throw new Error('The binding ASSETS with the files of dist/worker/assets is missing.')
    const read = (await ranks.json()) as Parameters<typeof createGptTokenizer>[0]
    // Many turns may have waited for these: one of them makes it, which takes a while.
    tokenizer ??= createGptTokenizer(read)
    return tokenizer
  },
  async asset(name: AssetName) {
    const response = await asset(name)
    return response?.ok ? (response.body ?? undefined) : undefined
  },
  upgrade: upgradeOnWorkers,
  environmentKey: environmentKeys,
  adapter: CloudflareAdapter,
}

const app = createApp(platform)

/** Nothing can be hashed before there is something to do. */
async function learnOwnKey(): Promise<void> {
  if (!ownKey || environmentKeys.size > 0) return
  for (const entry of environmentKey(ownKey, await sha256(ownKey), Date.now()))
    environmentKeys.set(...entry)
}

export default {
  async fetch(request: Request): Promise<Response> {
    await learnOwnKey()
    const answer = app.fetch(request)
    // Else the runtime drops the work of a client that left, before its lease is given back.
    waitUntil(answer)
    return answer
  },

  /** What timers do on a machine. */
  async scheduled(): Promise<void> {
    // What was left behind may be of its turns and videos.
    await learnOwnKey()
    await app.refresh()
  },
}
