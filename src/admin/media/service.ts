import { ApiError } from '../../errors'
import { faultFields } from '../../log'
import { isMediaName } from '../../media/kind'
import type { MediaSort, MediaTotals } from '../../store/media'
import {
  type FoundMedia,
  MEDIA_SORTS,
  type MediaSearch,
  type RemovedMedia,
} from '../../store/media-search'
import type { Operator } from '../operator'
import type { AdminParts } from '../parts'

type ServiceParts = Pick<
  AdminParts,
  'stores' | 'objects' | 'links' | 'pool' | 'settings' | 'audit' | 'now' | 'log'
>

/** A picture or a video, with what can be done about it. */
export interface ShownMedia extends FoundMedia {
  /** What its account is called; undefined where there is none any more. */
  readonly account: string | undefined
  /** Whether it can be had again, when its bytes are not here. */
  readonly canFetch: boolean
  readonly url: string
}

/** What was removed, together. */
export interface Removal {
  readonly deleted: number
  readonly bytes: number
  /** More was to go than goes at once. */
  readonly hasMore: boolean
}

/** What is kept, and how much of it there may be. */
export interface MediaUsage extends MediaTotals {
  readonly limit: number
}

const MB = 1024 * 1024
/** Rows and objects that one step removes: others come to the database in between. */
const STEP = 50
/** How long somebody is kept waiting who has everything removed. */
const PATIENCE_MS = 20_000
/** The most that an operator picks by hand. */
export const MOST_PICKED = 500

/** What operators see and do of pictures and videos that are kept. */
export function createMediaService(parts: ServiceParts) {
  const { stores, objects, links, pool, settings, audit, now } = parts
  const { mediaSearch } = stores

  async function shown(found: FoundMedia, origin: string): Promise<ShownMedia> {
    const account = found.accountId === null ? undefined : pool.member(found.accountId)?.account
    return {
      ...found,
      // Use is kept to the hour.
      usedAt: Math.max(found.usedAt, found.createdAt),
      account: account && `${account.kind}/${account.name}`,
      canFetch: found.hasSource && account !== undefined,
      url: await links.linkOf(origin, found.name, found.sort),
    }
  }

  /** Rows go first, as in cleaning: what is left of objects then is nobody's, and goes with the next cleaning. */
  async function removeObjects(removed: readonly RemovedMedia[]): Promise<void> {
    const names = removed.map(({ name }) => name)
    if (names.length > 0)
      await objects
        .remove(names)
        .catch((cause) => parts.log.warn('objects_left', faultFields(cause)))
  }

  async function clearSort(sort: MediaSort, until: { readonly at: number; readonly over: number }) {
    let deleted = 0
    let bytes = 0
    for (;;) {
      const removed = await mediaSearch.removeSome(sort, until.at, STEP)
      await removeObjects(removed)
      deleted += removed.length
      bytes += sizeOf(removed)
      if (removed.length < STEP) return { deleted, bytes, hasMore: false }
      if (now() >= until.over) return { deleted, bytes, hasMore: true }
    }
  }

  return {
    async list(search: MediaSearch, origin: string) {
      const found = await mediaSearch.find({ ...search, limit: search.limit + 1 })
      const page = found.slice(0, search.limit)
      return {
        items: await Promise.all(page.map((one) => shown(one, origin))),
        last: found.length > search.limit ? page.at(-1) : undefined,
      }
    },

    async usage(): Promise<Readonly<Record<MediaSort, MediaUsage>>> {
      const { image, video } = await mediaSearch.totals()
      const { image_cache_max_mb: images, video_cache_max_mb: videos } = settings()
      return {
        image: { ...image, limit: images * MB },
        video: { ...video, limit: videos * MB },
      }
    },

    /** Forget some, by their names. */
    async remove(operator: Operator, names: readonly string[]): Promise<Removal> {
      if (names.length > MOST_PICKED)
        throw new ApiError('invalid_value', `No more than ${MOST_PICKED} are deleted at once.`)
      const removed = await mediaSearch.remove(names.filter(isMediaName))
      await removeObjects(removed)
      const [first, ...others] = removed
      if (!first) return { deleted: 0, bytes: 0, hasMore: false }
      const bytes = sizeOf(removed)
      await audit(operator, {
        action: 'media.delete',
        subject: others.length === 0 ? first.name : `${removed.length} of media`,
        before: { names: removed.slice(0, STEP).map(({ name }) => name), bytes },
      })
      return { deleted: removed.length, bytes, hasMore: false }
    },

    /** Forget all pictures, all videos, or both, as far as they were there when this was asked for. */
    async clear(operator: Operator, sort: MediaSort | 'all'): Promise<Removal> {
      const until = { at: now(), over: now() + PATIENCE_MS }
      const all: Removal[] = []
      for (const one of sort === 'all' ? MEDIA_SORTS : [sort]) all.push(await clearSort(one, until))
      const removal = {
        deleted: all.reduce((sum, { deleted }) => sum + deleted, 0),
        bytes: all.reduce((sum, { bytes }) => sum + bytes, 0),
        hasMore: all.some(({ hasMore }) => hasMore),
      }
      await audit(operator, {
        action: 'media.clear',
        subject: SUBJECTS[sort],
        before: { deleted: removal.deleted, bytes: removal.bytes },
      })
      return removal
    },

    /** Have everything cleaned that is to go; says whether that was not under way already. */
    async clean(operator: Operator): Promise<boolean> {
      const isBegun = await stores.jobs.want('media', 'run')
      if (isBegun) await audit(operator, { action: 'job.run', subject: 'media' })
      return isBegun
    },
  }
}

export type MediaService = ReturnType<typeof createMediaService>

const SUBJECTS = { image: 'all pictures', video: 'all videos', all: 'all media' } as const

const sizeOf = (removed: readonly RemovedMedia[]): number =>
  removed.reduce((sum, { bytes }) => sum + bytes, 0)
