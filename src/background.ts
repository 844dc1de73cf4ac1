import { createAccountCheck } from './jobs/account-check'
import { createCleaning } from './jobs/cleaning'
import { createMediaCleaningJob } from './jobs/media-cleaning'
import { createModelRefresh } from './jobs/model-refresh'
import { createQuotaRefresh } from './jobs/quota-refresh'
import { createJobs } from './jobs/runner'
import { createSharing } from './jobs/sharing'
import type { Platform } from './platform'
import type { Kind } from './pool/account'
import type { Catalog } from './pool/catalog'
import type { Pool } from './pool/pool'
import { createSuspects } from './pool/suspects'
import type { Settings } from './store/settings'
import type { Stores } from './store/stores'
import type { Upstream } from './upstream/upstream'

interface BackgroundParts {
  readonly platform: Platform
  readonly stores: Stores
  readonly pool: Pool
  readonly catalog: Catalog
  readonly upstreams: Readonly<Record<Kind, Upstream>>
  readonly settings: () => Settings
  /** The name of this instance. */
  readonly instance: () => string
  /** How many instances there are. */
  readonly instances: () => number
}

/** Everything that Groxy does without being asked, as jobs that nobody has started yet. */
export function createBackground(parts: BackgroundParts) {
  const { platform, stores, pool, catalog, upstreams, settings, instance } = parts
  const { now, random, spreadMs, log } = platform
  const sharing = createSharing({ asks: stores.asks, instance, now, log })
  const models = createModelRefresh({
    pool,
    catalog,
    upstreams,
    modelLists: stores.modelLists,
    sharing,
    instances: parts.instances,
    isOn: () => settings().model_refresh,
    maxAgeMs: () => settings().model_refresh_minutes * 60_000,
    now,
    random,
    spreadMs,
    log,
  })
  const quotas = createQuotaRefresh({
    pool,
    upstreams,
    tiers: stores.accountTiers,
    sharing,
    isOn: () => settings().quota_refresh,
    restMs(tier) {
      const { quota_refresh_hours: hours, quota_refresh_super_hours: superHours } = settings()
      return (tier === undefined || tier === 'basic' ? hours : superHours) * HOUR_MS
    },
    now,
    random,
    spreadMs,
    log,
  })
  const cleaning = createMediaCleaningJob({
    store: stores.mediaCleaning,
    media: stores.media,
    files: stores.files,
    objects: platform.objects,
    settings,
    now,
    instance,
    log,
  })
  const suspects = createSuspects(pool)
  const jobs = createJobs({ store: stores.jobs, now, random, instance, spreadMs, log })
  jobs.add(models.job)
  jobs.add(quotas.job)
  jobs.add(createCleaning({ store: stores.cleaning, settings, log }))
  jobs.add(cleaning.job)
  jobs.add(
    createAccountCheck({
      upstreams,
      suspects: suspects.list,
      verdict: suspects.settle,
      sharing,
      isOn: () => settings().account_check,
      now,
    }),
  )
  return { models, quotas, cleaning, jobs, instance }
}

const HOUR_MS = 3_600_000
