import type { Log } from '../log'
import type { ObjectStore } from '../media/object-store'
import { sleep } from '../sleep'
import type { FileRows } from '../store/files'
import type { MediaRows, MediaSort } from '../store/media'
import type { MediaCleaning } from '../store/media-cleaning'
import type { Settings } from '../store/settings'
import type { Job } from './runner'

interface MediaCleaningParts {
  readonly store: MediaCleaning
  readonly media: Pick<MediaRows, 'totals'>
  readonly files: Pick<FileRows, 'removeExpired'>
  readonly objects: ObjectStore
  readonly settings: () => Settings
  readonly now: () => number
  /** Names this instance to the others. */
  readonly instance: () => string
  readonly log: Log
}

/** What one step has removed: rows and objects. */
type Step = number

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS
const YEAR_MS = 365 * DAY_MS
const MB = 1024 * 1024

/** Where the disk is too full videos go first. */
const SORTS = ['video', 'image'] as const
/** Down to this part of a limit, so that it is not reached again at once. */
const KEPT_PART = 0.8
/** One step removes no more: others come to the database in between. */
const STEP_ROWS = 50
const STEP_BYTES = 256 * MB
const PAUSE_MS = 5
/** What is not used for so long may be removed by hand of whoever finds it. */
const ORPHAN_MS = HOUR_MS
/** What came from a client, and is nowhere else, has so long to be asked for. */
const OWN_MS = 5 * MINUTE_MS
/** Objects are removed within that time. */
const HOLD_MS = MINUTE_MS
/** More may come: it is removed together. */
const SETTLE_MS = 10_000

/**
 * Keeps pictures, videos and files within their limits, and removes what nobody refers to: what a crash
 * left behind, too. It can stop anywhere and begin again, at several instances at once.
 */
export function createMediaCleaningJob(parts: MediaCleaningParts) {
  const { store, media, files, objects, settings, now, log } = parts
  /** How much more fits in, as far as this instance knows. */
  let room = 0
  let wokenAt = Number.POSITIVE_INFINITY
  /** The limits that were looked at last, as this instance knows them. */
  let seen: readonly number[] | undefined
  /** When the last run of this instance began that looked at everything. */
  let wholeAt = Number.NEGATIVE_INFINITY

  const by = () => `cleaning ${parts.instance()}`
  const hold = () => ({ by: by(), until: now() + HOLD_MS })

  async function evict(names: readonly string[]): Promise<Step> {
    const gone = await store.evict(names, hold())
    await objects.remove(gone)
    await store.free(gone, by())
    return gone.length
  }

  /** What should be free on the disk, and is not. */
  const lacking = async () => Math.max(0, -(await roomOnDisk()))
  const roomOnDisk = async () => (await objects.room?.()) ?? Number.POSITIVE_INFINITY

  /** Those unused for longest, until no more than a part of the limit is left. */
  async function* beyondLimit(sort: MediaSort): AsyncIterable<Step> {
    const limit = limitOf(settings(), sort)
    let most = limit
    for (;;) {
      // Asked again each time: another instance may be at it, too.
      const { bytes } = await media.totals(sort)
      if (bytes > limit) most = limit * KEPT_PART
      const wanted = Math.max(bytes - most, Math.min(bytes, await lacking()))
      const names = wanted > 0 ? await someOf(sort, wanted) : []
      if (names.length === 0) {
        room = Math.min(room, limit - bytes)
        return
      }
      yield await evict(names)
    }
  }

  /** The first to go, together as large as is said, but not too many at once. */
  async function someOf(sort: MediaSort, wanted: number): Promise<string[]> {
    const names: string[] = []
    let bytes = 0
    for (const found of await store.leastUsed(sort, now() - OWN_MS, STEP_ROWS)) {
      if (bytes >= wanted || bytes >= STEP_BYTES) break
      names.push(found.name)
      bytes += found.bytes
    }
    return names
  }

  async function* beyondLimits(): AsyncIterable<Step> {
    room = Number.POSITIVE_INFINITY
    for (const sort of SORTS) yield* beyondLimit(sort)
    room = Math.min(room, await roomOnDisk())
  }

  async function* tooOld(): AsyncIterable<Step> {
    const days = settings().media_max_age_days
    if (days === 0) return
    for (;;) {
      const names = await store.removeOld(now() - days * DAY_MS, STEP_ROWS)
      await objects.remove(names)
      yield names.length
      if (names.length < STEP_ROWS) return
    }
  }

  async function* unused(): AsyncIterable<Step> {
    const terms = { now: now(), most: STEP_ROWS }
    for (const sort of SORTS)
      for (let removed = STEP_ROWS; removed === STEP_ROWS; yield removed)
        removed = (await store.removeUnused(sort, now() - YEAR_MS, terms)).length
  }

  async function* expiredFiles(): AsyncIterable<Step> {
    const days = settings().file_max_days
    const living = { now: now(), since: days === 0 ? 0 : now() - days * DAY_MS }
    for (let removed = STEP_ROWS; removed === STEP_ROWS; yield removed) {
      const ids = await files.removeExpired(living, STEP_ROWS)
      await objects.remove(ids)
      removed = ids.length
    }
  }

  async function* expiredVideos(): AsyncIterable<Step> {
    for (let removed = STEP_ROWS; removed === STEP_ROWS; yield removed)
      removed = (await store.removeVideos(now(), STEP_ROWS)).length
  }

  async function* orphans(): AsyncIterable<Step> {
    for await (const found of objects.list(now() - ORPHAN_MS)) {
      const whole = found.filter((object) => object.whole).map(({ id }) => id)
      const known = await store.known(whole, hold(), now())
      const ids = found.filter(({ id }) => !known.has(id)).map(({ id }) => id)
      if (ids.length > 0) {
        await objects.remove(ids)
        await store.free(ids, by())
      }
      yield ids.length
    }
  }

  /** An operator who makes a limit smaller wants the room now, whatever comes or does not come. */
  function heedLimits(): void {
    const limits = SORTS.map((sort) => limitOf(settings(), sort))
    if (seen?.some((limit, at) => limit > (limits[at] ?? 0))) wokenAt = Math.min(wokenAt, now())
    seen = limits
  }

  const job: Job = {
    name: 'media',
    isOn: () => settings().media_cleaning,

    since() {
      const { media_cleaning_time: time, time_zone_minutes: zone } = settings()
      if (time === 'nightly') return startOf(DAY_MS, now(), zone * MINUTE_MS)
      const hour = startOf(HOUR_MS, now(), 0)
      heedLimits()
      return wokenAt <= now() ? Math.max(hour, wokenAt) : hour
    },

    async run(signal, progress, asked) {
      const at = now()
      const isWhole = asked || wholeAt < startOf(HOUR_MS, at, 0)
      wokenAt = Number.POSITIVE_INFINITY
      let done = 0
      const sweeps = isWhole
        ? [tooOld(), expiredFiles(), expiredVideos(), unused(), beyondLimits(), orphans()]
        : [beyondLimits()]
      for (const sweep of sweeps)
        for await (const removed of sweep) {
          done += removed
          progress(done, done)
          if (signal.aborted) return
          await sleep(PAUSE_MS)
        }
      if (isWhole) wholeAt = at
      if (done > 0) log.info('media_cleaned', { removed: done })
    },
  }

  return {
    job,

    /** So much was stored just now: it may be more than there is room for. */
    note(bytes: number): void {
      room -= bytes
      if (room < 0) wokenAt = Math.min(wokenAt, now() + SETTLE_MS)
    },
  }
}

const limitOf = (
  { image_cache_max_mb: images, video_cache_max_mb: videos }: Settings,
  sort: MediaSort,
): number => (sort === 'image' ? images : videos) * MB

/** When a day or an hour began, where clocks are ahead of UTC by so much. */
const startOf = (length: number, at: number, zoneMs: number): number =>
  Math.floor((at + zoneMs) / length) * length - zoneMs
