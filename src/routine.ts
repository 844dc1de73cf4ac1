import type { AdminDoor } from './admin-door'
import type { Counters } from './http/counters'
import type { Readiness } from './http/health'
import type { Instances } from './instances'
import type { Keeper } from './jobs/keeper'
import type { ModelRefresh } from './jobs/model-refresh'
import type { JobsRunner } from './jobs/runner'
import type { LedgerQueue } from './ledger/queue'
import type { Look, News } from './look'
import type { MediaCache } from './media/cache'
import type { Platform } from './platform'
import type { Said } from './state/said'
import type { Snapshots } from './store/snapshot'
import type { DatabaseWatch } from './store/watch'
import type { Surface } from './surface'

interface RoutineParts {
  readonly platform: Platform
  readonly database: DatabaseWatch
  readonly snapshots: Snapshots
  readonly look: Look
  readonly instances: Instances
  readonly keeper: Keeper
  readonly counters: Counters
  readonly ledger: LedgerQueue
  readonly said: Said
  readonly surface: Surface
  readonly cache: MediaCache
  readonly jobs: JobsRunner
  readonly keeping: { readonly look: () => void }
  readonly batches: AdminDoor['batches']
  readonly models: Pick<ModelRefresh, 'recall'>
  readonly onFault: (cause: unknown) => void
}

/** What is under way for longer than this waits for the database, and is not begun a second time. */
const HANGING_MS = 1_000
/** On Workers it may also have ended with its request, without a word. */
const LONGEST_MS = 60_000

/** What an instance does when it starts, from time to time, and when it stops. */
export function createRoutine(parts: RoutineParts) {
  const { platform, snapshots, keeper, counters, ledger, said, surface, jobs, batches } = parts
  const { look, instances, models, onFault } = parts
  const { later, now } = platform
  const { takeover, videos, background } = surface
  const begunAt = new Map<string, number>()
  let isRefreshing = false
  let isDraining = false

  /** A part of what is done every few seconds: where it hangs nothing piles up behind it. */
  async function step(name: string, work: () => Promise<unknown>): Promise<void> {
    const at = now()
    const since = at - (begunAt.get(name) ?? Number.NEGATIVE_INFINITY)
    if (since > HANGING_MS && since < LONGEST_MS) return
    begunAt.set(name, at)
    try {
      await work()
    } finally {
      if (begunAt.get(name) === at) begunAt.delete(name)
    }
  }

  /** What one of the processes of a machine does for all; the database is asked only for what is there. */
  async function workBehind(news: News | undefined): Promise<void> {
    if (news?.isTurnLeft) await step('takeover', takeover.look)
    if (news?.isVideoLeft || videos.hasWaiting()) await step('videos', videos.look)
    await step('media', parts.cache.lookAhead)
    await Promise.all([jobs.tick(news?.isJobOpen === true), news?.isBatchLeft && batches.tick()])
  }

  return {
    /** Whether what is due is about to be looked for anyway. */
    isRefreshing: (): boolean => isRefreshing,

    /** Read the database for the first time. */
    async load(): Promise<void> {
      await snapshots.refresh()
      await counters.learn()
    },

    /** See what has changed in the database and at the upstreams. */
    async refresh(): Promise<void> {
      isRefreshing = true
      try {
        await step('snapshot', snapshots.refresh)
      } finally {
        isRefreshing = false
      }
      const news = look.news()
      if (news) await step('instances', instances.keep)
      if (news?.hasStates) await step('states', keeper.follow)
      if (news?.hasLists) await step('lists', () => models.recall().catch(onFault))
      if (news?.isTurnCancelled) await step('cancelled', background.heed)
      await step('limits', counters.tick)
      parts.keeping.look()
      if (ledger.waiting() > 0) later(ledger.flush())
      if (said.waiting() > 0) later(said.flush())
      if (platform.self.worksBehind && !isDraining) await workBehind(news)
    },

    /** Whether traffic is welcome, and whether the database answers: turns do without. */
    async readiness(): Promise<Readiness> {
      if (isDraining) return { status: 'draining' }
      try {
        await snapshots.get()
      } catch (cause) {
        onFault(cause)
        return { status: 'starting' }
      }
      const { up, writable } = parts.database()
      if (up && writable) return { status: 'ready' }
      const snapshot_age_seconds = Math.max(0, Math.round(snapshots.age() / 1000))
      return { status: 'ready', database: up ? 'read-only' : 'away', snapshot_age_seconds }
    },

    /** Whether the server is about to stop. */
    isDraining: (): boolean => isDraining,

    /** Take no more traffic for ready. */
    drain(): void {
      isDraining = true
      jobs.stop()
      batches.stop()
      later(background.leave('unwatched'))
      later(videos.leave())
      later(instances.drain())
    },

    /** Write what waits to be written, and give back what keys have not used. */
    async flush(): Promise<void> {
      if (isDraining) await Promise.all([background.leave('all'), videos.leave()])
      await Promise.all([ledger.flush(), said.flush(), keeper.save(), counters.giveBack()])
      if (isDraining) await instances.leave()
    },
  }
}
