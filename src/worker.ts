import { env, waitUntil } from 'cloudflare:workers'
import { CloudflareAdapter } from 'elysia/adapter/cloudflare-worker'
import { type App, createApp } from './app'
import { sha256 } from './crypto'
import { SetupError } from './errors'
import type { AssetName } from './http/swagger'
import { createLog } from './log'
import { createBucket } from './media/bucket'
import type { Platform } from './platform'
import { deployedProblem } from './store/deployed'
import { environmentKey } from './store/keys'
import { createObjects } from './store/objects'
import { patient } from './store/patient'
import { createGptTokenizer } from './turn/gpt-tokenizer'
import type { Tokenizer } from './turn/tokenizer'
import { connectOnWorkers } from './worker-connect'
import { workerHasher } from './worker-hasher'
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
    objects: bucket
      ? createBucket(bucket)
      : createObjects({ client: patient(client), now: Date.now }),
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
    adapter: CloudflareAdapter,
  }
}

type Started = { readonly setup: WorkerSetup; readonly app: App } | SetupError

/** A script that fails here could not tell anybody why. */
function start(): Started {
  try {
    const setup = readWorkerSetup(env)
    return { setup, app: createApp(createPlatform(setup)) }
  } catch (cause) {
    if (cause instanceof SetupError) return cause
    throw cause
  }
}

const started = start()

/** Nothing can be hashed before there is something to do. */
async function learnOwnKey({ config }: WorkerSetup): Promise<void> {
  const { GROXY_API_KEY: ownKey } = config
  if (!ownKey || environmentKeys.size > 0) return
  for (const entry of environmentKey(ownKey, await sha256(ownKey), Date.now()))
    environmentKeys.set(...entry)
}

/** Whether the database was found to be ready for this Worker. */
let isSound = false

/** What is wrong with the database, as far as that can be told, until it was found to be ready. */
async function databaseProblem({ setup, app }: Exclude<Started, SetupError>) {
  if (isSound) return
  const { stores, vault } = app
  try {
    const problem = await deployedProblem({ client: setup.client, stores, vault })
    isSound = problem === undefined
    return problem
  } catch {
    // One that does not answer is the business of whoever needs it.
    return
  }
}

/** Say it where operators look. */
function report({ message: problem, remedy }: SetupError): void {
  const time = new Date().toISOString()
  console.error(JSON.stringify({ time, level: 'error', event: 'setup', problem, remedy }))
}

function refuse(problem: SetupError): Response {
  report(problem)
  return setupRefusal(problem, Date.now())
}

async function answer(request: Request): Promise<Response> {
  if (started instanceof SetupError) return refuse(started)
  const { app, setup } = started
  await learnOwnKey(setup)
  if (isSound || new URL(request.url).pathname === '/health') return app.fetch(request)
  // Nobody waits for both, one after the other.
  const [said, problem] = await Promise.all([app.fetch(request), databaseProblem(started)])
  if (!problem) return said
  await said.body?.cancel()
  return refuse(problem)
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
    const problem = started instanceof SetupError ? started : await databaseProblem(started)
    if (started instanceof SetupError || problem) {
      if (problem) report(problem)
      throw problem
    }
    // What was left behind may be of its turns and videos.
    await learnOwnKey(started.setup)
    await started.app.refresh()
  },
}
