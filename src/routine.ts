import type { AdminSurface } from './admin-surface'
import type { Counters } from './http/counters'
import type { Keeper } from './jobs/keeper'
import type { JobsRunner } from './jobs/runner'
import type { LedgerQueue } from './ledger/queue'
import type { MediaCache } from './media/cache'
import type { Platform } from './platform'
import type { Said } from './state/said'
import type { Snapshots } from './store/snapshot'
import type { Surface } from './surface'

interface RoutineParts {
  readonly platform: Platform
  readonly snapshots: Snapshots
  readonly keeper: Keeper
  readonly counters: Counters
  readonly ledger: LedgerQueue
  readonly said: Said
  readonly surface: Surface
  readonly cache: MediaCache
  readonly jobs: JobsRunner
  readonly batches: AdminSurface['batches']
  readonly onFault: (cause: unknown) => void
}

/** What an instance does when it starts, from time to time, and when it stops. */
export function createRoutine(parts: RoutineParts) {
  const { platform, snapshots, keeper, counters, ledger, said, surface, jobs, batches } = parts
  const { later } = platform
  const { takeover, videos, background } = surface
  let isRefreshing = false
  let isDraining = false

  /** What one of the processes of a machine does for all. */
  async function workBehind(): Promise<void> {
    await takeover.look()
    await videos.look()
    await parts.cache.lookAhead()
    await Promise.all([jobs.tick(), batches.tick()])
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
        await snapshots.refresh()
      } finally {
        isRefreshing = false
      }
      await keeper.follow()
      await counters.tick()
      if (ledger.waiting() > 0) later(ledger.flush())
      if (said.waiting() > 0) later(said.flush())
      if (platform.self.worksBehind) await workBehind()
    },

    /** Whether traffic is welcome. */
    async isReady(): Promise<boolean> {
      if (isDraining) return false
      try {
        await snapshots.get()
        return true
      } catch (cause) {
        parts.onFault(cause)
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
    },

    /** Write what waits to be written, and give back what keys have not used. */
    async flush(): Promise<void> {
      if (isDraining) await Promise.all([background.leave('all'), videos.leave()])
      await Promise.all([ledger.flush(), said.flush(), keeper.save(), counters.giveBack()])
    },
  }
}
