import { Elysia } from 'elysia'
import { createAccounting } from './accounting'
import { createAdminDoor } from './admin-door'
import { createPassthrough } from './api/passthrough/service'
import { createBackground } from './background'
import { createName, createVault, newId, newTimedId } from './crypto'
import { createBooks } from './dispatch/book'
import { createContentKeeper } from './dispatch/content'
import { createDispatch } from './dispatch/dispatch'
import { createFailOver } from './dispatch/fail-over'
import { createForwarding } from './dispatch/forward'
import { createWorks } from './dispatch/work'
import { withHeads } from './heads'
import { createAdmission } from './http/admission'
import { createAuth, goodKey } from './http/auth'
import { createCounters } from './http/counters'
import { chatFeature } from './http/demand'
import { describe, docs } from './http/docs'
import { createEnvelope } from './http/envelope'
import { failures } from './http/failures'
import { health } from './http/health'
import { createHouseKey } from './http/house-key'
import { createIntake } from './http/intake'
import { metricsRoutes } from './http/metrics'
import { createSecondLook } from './http/second-look'
import { swaggerUi } from './http/swagger'
import { createInstances } from './instances'
import { createKeeper } from './jobs/keeper'
import { createKeeping } from './keeping'
import { createKeptMedia } from './kept-media'
import { createPricing } from './ledger/price'
import { faultFields } from './log'
import { createLook } from './look'
import { createHttp } from './net/http'
import { readNetworks } from './networks'
import type { Platform } from './platform'
import { createCatalog } from './pool/catalog'
import { createPool, type Pool } from './pool/pool'
import { portionOf } from './pool/portion'
import { createRoster } from './pool/roster'
import { createWaiting } from './pool/waiting'
import { createReports } from './reports'
import { createRoutine } from './routine'
import { createSaid } from './state/said'
import type { Kept } from './store/kept-snapshot'
import { DEFAULT_SETTINGS } from './store/settings'
import { createSnapshots, type Snapshot } from './store/snapshot'
import { createStores } from './store/stores'
import { watched } from './store/watch'
import { createSurface } from './surface'
import { webOffers } from './upstream/web/models'
import { createForward } from './upstream/xai/forward'
import { createUpstreams, type Upstreams } from './upstreams'

/** The whole gateway as one value. It opens nothing and listens nowhere. */
export function createApp(platform: Platform) {
  const { config, secret, later, fetch, now, random, log, digest } = platform
  const { onFault, onBug, onFailure, onDatabase } = createReports(log)
  const vault = createVault(secret)
  const { client, state: database } = watched({
    ...{ client: platform.client, now },
    onChange: onDatabase,
  })
  const stores = createStores({ client, vault, now })
  const http = createHttp(fetch)
  const pool: Pool = createPool({
    now,
    random,
    onRest: (member, scope, rest) => keeper.noteRest(member, scope, rest),
    onQuota: (member) => keeper.noteQuota(member),
    onCharge: (lease, what) => quotas.note(lease, what),
    onFree: () => waiting.offer(),
  })
  const waiting = createWaiting({
    ...pool,
    portion: (longest) => portionOf(longest, platform.self),
  })
  const catalog = createCatalog({ pool, now, onChange: waiting.offer })
  const roster = createRoster({
    ...{ config, vault, self: platform.self },
    canProxy: platform.canProxy,
    log,
    offersOf: (kind, tier, { web_request }) =>
      kind === 'web' ? webOffers(tier, web_request) : undefined,
  })
  const pricing = createPricing({ modelOf: catalog.model, now })
  const settings = () => current?.settings ?? DEFAULT_SETTINGS
  const media = createKeptMedia({
    ...{ platform, stores, pool, settings },
    upstreams: (): Upstreams => upstreams,
    onStored: (bytes) => cleaning.note(bytes),
  })
  const upstreams: Upstreams = createUpstreams(platform, settings, media)
  const keeper = createKeeper({
    pool: () => pool,
    states: stores.accountStates,
    quotas: stores.accountQuotas,
    ...{ now, later, onFault },
  })

  let current: Snapshot | undefined
  /** What is begun with while the database is away. */
  let kept: Kept | undefined
  let hasRecalled = false
  const instance = createName(platform.self.name)
  const instances = createInstances({ platform, stores, instance, onFault })
  const background = createBackground({
    ...{ platform, stores, pool, catalog, upstreams, settings, instance },
    instances: instances.count,
  })
  const { models, quotas, cleaning, jobs } = background
  const look = createLook({ stores, ...keeper.horizons, lists: models.horizon, instance, now })
  const snapshots = createSnapshots({
    ...stores,
    revision: look.revision,
    now,
    later,
    onFault,
    async onChange(snapshot) {
      const accounts = await roster(snapshot.accounts, snapshot.settings)
      // Of accounts that nobody changed this instance hears otherwise, where it goes on between requests.
      const isFollowed = platform.sharesWork && snapshot.accounts === current?.accounts
      current = snapshot
      pool.setAccounts(accounts)
      pricing.update(snapshot.prices)
      const { priority_xai: xai, priority_openai: openai, priority_web: web } = snapshot.settings
      const priorities = { xai, openai, web, demo: snapshot.settings.priority_demo }
      catalog.update({ priorities, routes: snapshot.routes })
      if (kept) keeper.learn([...kept.states], [...kept.quotas], kept.at)
      else if (!isFollowed) await keeper.recall()
      models.follow()
      quotas.follow()
      if (kept) models.learn(kept.lists)
      else if (!hasRecalled) await models.recall()
      hasRecalled ||= kept === undefined
      if (platform.self.worksBehind && !routine.isRefreshing()) later(jobs.tick())
    },
  })

  const { ledger, measured, measuredByAll, record } = createAccounting({
    ...{ platform, stores, pool, catalog, database },
    queueDepth: waiting.depth,
    snapshotAge: snapshots.age,
    said: () => said,
  })

  const counters = createCounters({
    instance,
    ...(platform.sharesWork && { rivals: instances.count }),
    allowances: stores.allowances,
    now,
    later,
    zoneMinutes: () => settings().time_zone_minutes,
    onFault: (cause) => log.warn('limits_alone', faultFields(cause)),
  })
  const admission = createAdmission({
    counters,
    now,
    featureOf: (model) => chatFeature(model, current?.routes.get(model)),
    estimateCost: pricing.estimate,
    onRefusal: (turn, why) => books.refused(turn, why),
  })
  const intake = createIntake()
  const limits = () => ({
    maxBytes: settings().max_body_bytes,
    budgetBytes: Math.min(
      settings().body_budget_bytes,
      platform.bodyMemory ?? Number.POSITIVE_INFINITY,
    ),
  })
  const houseKey = createHouseKey(digest)
  const { environmentKey } = platform
  const lookAgain = createSecondLook({ look: snapshots.refresh, now })
  const auth = createAuth({
    ...{ snapshots, digest, environmentKey, lookAgain, now },
    houseKey: houseKey.byHash,
  })
  const books = createBooks({ now, pricing, record })
  const failOver = createFailOver({ pool, waiting, books, now })
  const content = createContentKeeper(ledger.keep)
  const turning = { pool, books, failOver, catalog, upstreams, content }
  const dispatch = createDispatch({ ...turning, now, newId })
  const forward = createForward({ http, now })
  const passthrough = createPassthrough({
    forward,
    forwarding: createForwarding({ pool, catalog, books, failOver, forward }),
    admission,
    intake,
    limits,
    settings,
    xaiBaseUrl: config.XAI_BASE_URL.replace(/\/+$/, ''),
    now,
    log,
  })
  const said = createSaid({
    ...{ stores, settings, digest, now, later, log },
    newId: () => newTimedId(now()),
  })
  const surface = createSurface({
    platform,
    vault,
    stores,
    dispatch,
    works: createWorks({ ...turning, now }),
    media,
    admission,
    auth,
    intake,
    limits,
    catalog,
    passthrough,
    said,
    instance,
    onBug,
    isTrusted: readNetworks(config.TRUSTED_PROXIES),
    keyOf: (id) => goodKey(id, [current?.keys, environmentKey, houseKey.byId], now()),
    settings,
  })

  const admin = createAdminDoor({
    ...{ platform, vault, stores, settings, pool, catalog, upstreams, jobs, onFault, onFailure },
    ...{ houseKey, instance, ledger, links: media.links, snapshot: () => current },
    learnModels: models.recall,
    serve: (request) => serve(request),
    refresh: async () => void (await snapshots.refresh()),
  })

  const routine = createRoutine({
    ...{ look, models, instances },
    ...{ platform, database, snapshots, keeper, counters, ledger, said, surface, jobs, onFault },
    cache: media.cache,
    batches: admin.batches,
    keeping: createKeeping({
      ...{ platform, database, snapshot: () => current, age: snapshots.age },
      rest: () => ({ lists: models.lists(), states: keeper.held(), quotas: keeper.left() }),
    }),
  })

  const routes = new Elysia(platform.adapter ? { adapter: platform.adapter } : {})
    .use(failures(onFailure))
    .use(health(routine.readiness))
    .use(metricsRoutes({ render: measuredByAll, token: config.METRICS_TOKEN }))
    .use(swaggerUi(platform.asset))
    .use(surface.routes)
  const everything = async () => [routes, await admin.routes()]
  const app = routes.use(docs(everything)).compile()
  const serve = createEnvelope({
    handle: withHeads(admin.before((request) => app.fetch(request))),
    now,
    onBug,
    describeLimits: admission.describe,
    isDraining: routine.isDraining,
  })

  return {
    fetch: serve,
    stores,
    vault,

    /** Read the database for the first time. */
    load: routine.load,

    /** Begin with what was kept when the database was last there; it is read when it is back. */
    async recall(found: Kept, at: number): Promise<void> {
      kept = found
      await snapshots.begin(found.snapshot, at)
      kept = undefined
    },

    /** See what has changed in the database and at the upstreams. */
    refresh: routine.refresh,

    /** Take no more traffic for ready. */
    drain: routine.drain,

    /** Write what waits to be written, and give back what keys have not used. */
    flush: routine.flush,

    /** What this process measures, in Prometheus' text format. */
    metrics: measured,

    /** Every path with a method that it takes. */
    routes: async () =>
      (await everything()).flatMap(({ routes }) =>
        routes.map(({ method, path }) => ({ method, path })),
      ),

    /** The secret of the set-up link, one for all instances. */
    setupToken: admin.setupToken,

    /** Whether the operator still has to choose a password. */
    needsSetup: admin.needsSetup,

    /** The OpenAPI document, as text. */
    describe: async () => describe(await everything()),
  }
}

export type App = ReturnType<typeof createApp>
