import type { AdminDoor } from './admin-door'
import type { Counters } from './http/counters'
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
import type { Surface } from './surface'

interface RoutineParts {
  readonly platform: Platform
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
  readonly batches: AdminDoor['batches']
  readonly models: Pick<ModelRefresh, 'recall'>
  readonly batches: AdminSurface['batches']
  readonly onFault: (cause: unknown) => void
}

/** What an instance does when it starts, from time to time, and when it stops. */
export function createRoutine(parts: RoutineParts) {
  const { platform, snapshots, keeper, counters, ledger, said, surface, jobs, batches } = parts
  const { look, instances, models, onFault } = parts
  const { later } = platform
  const { takeover, videos, background } = surface
  let isRefreshing = false
  let isDraining = false

  /** What one of the processes of a machine does for all; the database is asked only for what is there. */
  async function workBehind(news: News | undefined): Promise<void> {
    if (news?.isTurnLeft) await takeover.look()
    if (news?.isVideoLeft || videos.hasWaiting()) await videos.look()
    await parts.cache.lookAhead()
    await Promise.all([jobs.tick(news?.isJobOpen === true), news?.isBatchLeft && batches.tick()])
  }

  return {
    /** Whether what is due is about to be looked for anyway. */
    isRefreshing: (): boolean => isRefreshing,

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
      const news = look.news()
      if (news) await instances.keep()
      if (news?.hasStates) await keeper.follow()
      if (news?.hasLists) await models.recall().catch(onFault)
      await counters.tick()
      if (ledger.waiting() > 0) later(ledger.flush())
      if (said.waiting() > 0) later(said.flush())
      if (platform.self.worksBehind) await workBehind(news)
    },

    /** Whether traffic is welcome. */
    async isReady(): Promise<boolean> {
      if (isDraining) return false
      try {
        await snapshots.get()
        return true
      } catch (cause) {
        onFault(cause)
        return false
      }
    },

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
