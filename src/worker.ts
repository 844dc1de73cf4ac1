import { env, waitUntil } from 'cloudflare:workers'
import type { Client } from '@libsql/client/web'
import { CloudflareAdapter } from 'elysia/adapter/cloudflare-worker'
import { createAdminSurface } from './admin-surface'
import { type App, createApp } from './app'
import { sha256 } from './crypto'
import { SetupError } from './errors'
import type { AssetName } from './http/swagger'
import { createLog, faultFields } from './log'
import { createBucket } from './media/bucket'
import type { Platform } from './platform'
import { deployedProblem } from './store/deployed'
import { environmentKey } from './store/keys'
import { createObjects } from './store/objects'
import { createGptTokenizer } from './turn/gpt-tokenizer'
import type { Tokenizer } from './turn/tokenizer'
import { connectOnWorkers } from './worker-connect'
import { workerHasher } from './worker-hasher'
import { createOpening } from './worker-opening'
import { readWorkerSetup, setupRefusal, type WorkerSetup } from './worker-setup'
import { upgradeOnWorkers } from './worker-sockets'

// Entry for Cloudflare Workers. Built once per isolate: Elysia may compile only at start-up, and
// nothing here may read or write.

const environmentKeys = new Map()
const call: Platform['fetch'] = (url, init) => fetch(url, init as RequestInit)

function createPlatform(setup: WorkerSetup): Platform {
  const { config, secret, client, assets, bucket } = setup
  const asset = (name: string) => assets.fetch(new Request(`https://assets/${name}`))
  let tokenizer: Tokenizer | undefined
  return {
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
    offersSetup: false,
    // An isolate has 128 MiB for everything.
    hashMemory: 48 * 1024 * 1024,
    // Each is there several times: as it came, read, and as it goes on.
    bodyMemory: 24 * 1024 * 1024,
    // Cloudflare sets it, whatever a client says.
    addressOf: (request) => request.headers.get('cf-connecting-ip') ?? undefined,
    async tokenizer() {
      if (tokenizer) return tokenizer
      const ranks = await asset('cl100k_base.json')
      if (!ranks.ok) throw new Error('The binding ASSETS has no file cl100k_base.json.')
      const read = (await ranks.json()) as Parameters<typeof createGptTokenizer>[0]
      // Many turns may have waited for these: one of them makes it, which takes a while.
      tokenizer ??= createGptTokenizer(read)
      return tokenizer
    },
    async asset(name: AssetName) {
      const response = await asset(name)
      return response.ok ? (response.body ?? undefined) : undefined
    },
    upgrade: upgradeOnWorkers,
    environmentKey: environmentKeys,
    adminSurface: createAdminSurface,
    adapter: CloudflareAdapter,
  }
}

interface Started {
  readonly config: WorkerSetup['config']
  readonly app: App
  readonly opening: ReturnType<typeof createOpening>
}

/** A script that failed here could not tell anybody why. */
function start(): Started | SetupError {
  try {
    const setup = readWorkerSetup(env)
    const { config, client } = setup
    const app = createApp(createPlatform(setup))
    const opening = createOpening({ read: () => firstLook(client, app), now: Date.now })
    return { config, app, opening }
  } catch (cause) {
    if (cause instanceof SetupError) return cause
    throw cause
  }
}

/** Read the database for the first time; gives what its operator has to do first. */
async function firstLook(client: Client, { stores, vault, load }: App) {
  const [problem, loaded] = await Promise.allSettled([
    deployedProblem({ client, stores, vault }),
    load(),
  ])
  if (problem.status === 'rejected') throw problem.reason
  if (problem.value === undefined && loaded.status === 'rejected') throw loaded.reason
  return problem.value
}

const started = start()

/** Nothing can be hashed before there is something to do. */
async function learnOwnKey({ GROXY_API_KEY: ownKey }: Started['config']): Promise<void> {
  if (!ownKey || environmentKeys.size > 0) return
  for (const entry of environmentKey(ownKey, await sha256(ownKey), Date.now()))
    environmentKeys.set(...entry)
}

/** Say it where operators look. */
function report({ message: problem, remedy, cause }: SetupError): void {
  const { error } = cause === undefined ? {} : faultFields(cause)
  const time = new Date().toISOString()
  console.error(JSON.stringify({ time, level: 'error', event: 'setup', problem, remedy, error }))
}

function refuse(problem: SetupError): Response {
  report(problem)
  return setupRefusal(problem, Date.now())
}

async function answer(request: Request): Promise<Response> {
  if (started instanceof SetupError) return refuse(started)
  const { config, app, opening } = started
  await learnOwnKey(config)
  if (!opening.isOpen() && new URL(request.url).pathname !== '/health') {
    const problem = await opening.open()
    if (problem) return refuse(problem)
  }
  return app.fetch(request)
}

export default {
  async fetch(request: Request): Promise<Response> {
    const answering = answer(request)
    // Else the runtime drops the work of a client that left, before its lease is given back.
    waitUntil(answering)
    return answering
  },

  /** What timers do on a machine. */
  async scheduled(): Promise<void> {
    if (started instanceof SetupError) throw reported(started)
    const problem = await started.opening.open()
    if (problem) throw reported(problem)
    // What was left behind may be of its turns and videos.
    await learnOwnKey(started.config)
    await started.app.refresh()
  },
}

/** Cloudflare shows runs that have failed; why, is in the log. */
function reported(problem: SetupError): SetupError {
  report(problem)
  return problem
}
