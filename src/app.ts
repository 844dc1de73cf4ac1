import type { Client } from '@libsql/client/web'
import { Elysia, type ElysiaConfig } from 'elysia'
import { PASSWORD_MARK, setupRoutes } from './admin/setup'
import { chatRoutes } from './api/chat/routes'
import { createChat } from './api/chat/service'
import { modelRoutes } from './api/models/routes'
import { createModels } from './api/models/service'
import { passthroughRoutes } from './api/passthrough/routes'
import { createPassthrough } from './api/passthrough/service'
import type { Config } from './config'
import { createVault, newId } from './crypto'
import { createBooks } from './dispatch/book'
import { createDispatch } from './dispatch/dispatch'
import { createFailOver } from './dispatch/fail-over'
import { createForwarding } from './dispatch/forward'
import { type ApiError, SetupError } from './errors'
import { createAdmission } from './http/admission'
import { createAuth } from './http/auth'
import { createBodyReaders } from './http/body'
import { requestIdOf } from './http/context'
import { describe, docs } from './http/docs'
import { createEnvelope } from './http/envelope'
import { failures } from './http/failures'
import { health } from './http/health'
import { createIntake } from './http/intake'
import { type Asset, swaggerUi } from './http/swagger'
import { createModelRefresh } from './jobs/model-refresh'
import { createJobs } from './jobs/runner'
import { createLedgerQueue } from './ledger/queue'
import { turnFields } from './ledger/turn-fields'
import { faultFields, type Log } from './log'
import { createHttp, type FetchInit } from './net/http'
import { createCatalog } from './pool/catalog'
import { createPool } from './pool/pool'
import { createRoster } from './pool/roster'
import { hintOf, type Key, NO_LIMITS } from './store/keys'
import type { LedgerEntry } from './store/ledger'
import { DEFAULT_SETTINGS } from './store/settings'
import { createSnapshots, type Snapshot } from './store/snapshot'
import { createStores } from './store/stores'
import type { Tokenizer } from './turn/tokenizer'
import { createDemo } from './upstream/demo/demo'
import { createOpenAi } from './upstream/openai/openai'
import { createForward } from './upstream/xai/forward'
import { createXai } from './upstream/xai/xai'

/** What differs between a machine, a Worker and a test. */
export interface Platform {
  readonly config: Config
  readonly client: Client
  /** `GROXY_SECRET`, from wherever it is kept. */
  readonly secret: string
  /** Finish work after the response: a tracked promise on a machine, `waitUntil` on Workers. */
  readonly later: (work: Promise<unknown>) => void
  readonly fetch: (url: string, init: FetchInit) => Promise<Response>
  /** Whether `fetch` can go through a proxy. */
  readonly canProxy: boolean
  /** Over how long background work is spread after the start; 0 where nothing stays to wait. */
  readonly spreadMs: number
  readonly now: () => number
  readonly random: () => number
  readonly log: Log
  /** SHA-256 in hexadecimal, at once where the runtime can. */
  readonly digest: (text: string) => string | Promise<string>
  readonly tokenizer: () => Promise<Tokenizer>
  readonly asset: Asset
  /** The key of `GROXY_API_KEY`, by its hash. */
  readonly environmentKey: ReadonlyMap<string, Key>
  /** Present where a set-up link is on offer. */
  readonly setup?: {
    readonly token: string
    readonly hashPassword: (password: string) => Promise<string>
  }
  readonly adapter?: ElysiaConfig<''>['adapter']
}

/** The whole gateway as one value. It opens nothing and listens nowhere. */
export function createApp(platform: Platform) {
  const { config, client, secret, later, fetch, now, random, log, digest, setup, spreadMs } =
    platform
  const vault = createVault(secret)
  const stores = createStores({ client, vault, now })
  const http = createHttp(fetch)
  const pool = createPool({ now, random })
  const catalog = createCatalog(pool)
  const roster = createRoster({ config, vault, canProxy: platform.canProxy, log })
  const upstreams = {
    xai: createXai({ http, now }),
    openai: createOpenAi({ http, now }),
    demo: createDemo({ tokenizer: platform.tokenizer }),
  }
  const onFault = (cause: unknown) => log.warn('database_unreachable', faultFields(cause))
  const onBug = (error: unknown) =>
    log.error('bug', { ...faultFields(error), stack: error instanceof Error ? error.stack : '' })

  const onFailure = (failure: ApiError, error: unknown, request: Request) => {
    if (failure.code === 'internal_error') onBug(error)
    const setup = [error, failure.details.cause].find((cause) => cause instanceof SetupError)
    if (setup) log.error('setup', { problem: setup.message, remedy: setup.remedy })
    const { pathname: path } = new URL(request.url)
    const { status, code } = failure
    log.info('refused', { request: requestIdOf(request), path: path.slice(0, 200), status, code })
  }

  let current: Snapshot | undefined
  let isRefreshing = false
  const settings = () => current?.settings ?? DEFAULT_SETTINGS
  const refresh = createModelRefresh({
    pool,
    catalog,
    upstreams,
    modelLists: stores.modelLists,
    isOn: () => settings().model_refresh,
    maxAgeMs: () => settings().model_refresh_minutes * 60_000,
    now,
    random,
    spreadMs,
    log,
  })
  let ownName: string | undefined
  const instance = () => {
    // Not at once: a Worker has no random numbers before its first request.
    ownName ??= newId()
    return ownName
  }
  const jobs = createJobs({ store: stores.jobs, now, random, instance, spreadMs, log })
  jobs.add(refresh.job)
  const snapshots = createSnapshots({
    ...stores,
    now,
    later,
    onFault,
    async onChange(snapshot) {
      const isFirst = current === undefined
      current = snapshot
      pool.setAccounts(roster(snapshot.accounts, snapshot.settings))
      const { priority_xai, priority_openai, priority_demo } = snapshot.settings
      const priorities = { xai: priority_xai, openai: priority_openai, demo: priority_demo }
      catalog.update({ priorities, aliases: snapshot.aliases })
      refresh.follow()
      if (isFirst) await refresh.recall()
      if (!isRefreshing) later(jobs.tick())
    },
  })

  const ledger = createLedgerQueue({
    append: stores.ledger.append,
    now,
    later,
    onFault: (cause, waiting, dropped) =>
      log.warn('ledger_waits', { ...faultFields(cause), waiting, dropped }),
  })
  const record = (entry: LedgerEntry) => {
    ledger.push(entry)
    // What went well is in the ledger; the log tells what did not.
    const level = entry.outcome === 'done' ? 'debug' : 'info'
    if (log.writes(level)) log[level]('turn', turnFields(entry))
  }

  const admission = createAdmission(now)
  const intake = createIntake()
  const limits = () => ({
    maxBytes: settings().max_body_bytes,
    budgetBytes: settings().body_budget_bytes,
  })
  const auth = createAuth({ snapshots, digest, environmentKey: platform.environmentKey, now })
  const books = createBooks({ now, record })
  const failOver = createFailOver({ pool, books, now })
  const dispatch = createDispatch({ pool, books, failOver, catalog, upstreams, now, newId })
  const forward = createForward({ http, now })
  const passthrough = createPassthrough({
    forward,
    forwarding: createForwarding({ pool, books, failOver, forward }),
    admission,
    intake,
    limits,
    settings,
    xaiBaseUrl: config.XAI_BASE_URL.replace(/\/+$/, ''),
    now,
    log,
  })
  const forwardOwn = passthrough.own

  let draining = false
  const isReady = async () => {
    if (draining) return false
    try {
      await snapshots.get()
      return true
    } catch (cause) {
      onFault(cause)
      return false
    }
  }

  const routes = new Elysia(platform.adapter ? { adapter: platform.adapter } : {})
    .use(failures(onFailure))
    .use(health(isReady))
    .use(swaggerUi(platform.asset))
    .use(
      chatRoutes({
        chat: createChat({ dispatch, admission, settings }),
        auth,
        readers: createBodyReaders({ intake, limits }),
        forwardOwn,
      }),
    )
    .use(modelRoutes({ models: createModels(catalog), auth, forwardOwn }))
    .use(passthroughRoutes({ passthrough, auth, modelled: modelledMethods }))
    .use(
      setupRoutes({
        token: config.ADMIN_PASSWORD ? undefined : setup?.token,
        hashPassword: setup?.hashPassword ?? noSetup,
        settings: stores.settings,
        accounts: stores.accounts,
        xaiBaseUrl: config.XAI_BASE_URL,
      }),
    )
    .get('/', () => new Response(null, { status: 302, headers: { location: '/swagger' } }), {
      detail: { hide: true },
    })
  const app = routes.use(docs(routes)).compile()

  return {
    fetch: createEnvelope({ handle: (request) => app.fetch(request), newId, onBug }),
    stores,
    vault,

    /** Read the database for the first time. */
    async load(): Promise<void> {
      await snapshots.refresh()
    },

    /** See what has changed in the database and at the upstreams. */
    async refresh(): Promise<void> {
      isRefreshing = true
      try {
        await snapshots.refresh()
      } finally {
        isRefreshing = false
      }
      await jobs.tick()
    },

    /** Whether the operator still has to choose a password. */
    needsSetup: async (): Promise<boolean> =>
      !config.ADMIN_PASSWORD && !(await stores.settings.mark(PASSWORD_MARK)),

    /** Take no more traffic for ready. */
    drain(): void {
      draining = true
      jobs.stop()
    },

    /** Write what the ledger still holds. */
    flush: ledger.flush,

    /** The OpenAPI document, as text. */
    describe: () => describe(routes),
  }
}

/** The key that `GROXY_API_KEY` sets, by the hash of its secret. */
export const environmentKey = (secret: string, hash: string, now: number) =>
  new Map<string, Key>([
    [
      hash,
      {
        id: 'env',
        name: 'env',
        hint: hintOf(secret),
        enabled: true,
        ...NO_LIMITS,
        expiresAt: null,
        createdAt: new Date(now),
        revokedAt: null,
      },
    ],
  ])

/** Paths that Groxy serves itself are never forwarded with our accounts, whatever the method. */
function modelledMethods(path: string): readonly string[] | undefined {
  if (path === '/v1/chat/completions') return ['POST']
  return path === '/v1/models' || path.startsWith('/v1/models/') ? ['GET'] : undefined
}

const noSetup = () => Promise.reject(new Error('There is no set-up here.'))
