import { newId } from './crypto'
import { createSources } from './dispatch/sources'
import { faultFields } from './log'
import { createMediaCache } from './media/cache'
import { createFiles } from './media/files'
import { createLinks } from './media/links'
import { createOwnLoader, createOwnReader } from './media/own-address'
import { createGuardedOpen } from './net/guarded-open'
import { createHttp } from './net/http'
import type { Platform } from './platform'
import type { Pool } from './pool/pool'
import { createReach } from './state/reach'
import type { Settings } from './store/settings'
import type { Stores } from './store/stores'
import type { Upstreams } from './upstreams'

interface KeptMediaParts {
  readonly platform: Platform
  readonly stores: Stores
  readonly pool: Pool
  readonly upstreams: () => Upstreams
  readonly settings: () => Settings
  /** Told of what was kept, which may be more than there is room for. */
  readonly onStored: (bytes: number) => void
}

/** What accounts have made and clients have brought, under addresses of ours. */
export function createKeptMedia(parts: KeptMediaParts) {
  const { platform, stores, pool, upstreams, settings, onStored } = parts
  const { config, objects, hasher, fetch, now, later, log, sharesWork, secret } = platform
  const links = createLinks({ secret, settings, now })
  const assets = URL.parse(config.WEB_ASSETS_URL)?.origin
  const reach = createReach((cause) => log.warn('media_index_failed', faultFields(cause)))
  const cache = createMediaCache({
    index: stores.media,
    objects,
    hasher,
    fetchSource: createSources({
      pool,
      upstreams,
      http: createHttp(fetch),
      openPublic: createGuardedOpen({
        fetch,
        resolve: platform.resolve,
        isAllowed: platform.reachable,
      }),
      isPrivate: (url) => URL.parse(url)?.origin === assets,
      now,
    }),
    links,
    settings,
    now,
    newId,
    later,
    sharesWork,
    log,
    reach,
    onStored,
  })
  const files = createFiles({ rows: stores.files, objects, hasher, now, newId, settings, reach })
  const loadOwn = createOwnLoader(cache.download)
  return { cache, links, files, loadOwn, readOwn: createOwnReader({ links, loadOwn }) }
}

export type KeptMedia = ReturnType<typeof createKeptMedia>
