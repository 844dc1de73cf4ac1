import { faultFields, type Log } from '../log'
import type { Lease } from '../store/lease'

/** Something that runs behind its request, at one instance at a time. */
export interface LeasedRun {
  readonly abort: AbortController
  /** It is somebody else's, or nobody's any more: what becomes of it here is of no interest. */
  isLeft: boolean
  /** When it last gave a sign: on Workers a run may end without a word. */
  aliveAt: number
}

interface LeasesParts<R extends LeasedRun> {
  /** The name of this instance. */
  readonly instance: () => string
  /** Keeps runs for longer; gives the ids of those that are lost. */
  readonly renew: (lease: Lease, runs: readonly R[]) => Promise<readonly string[]>
  /** Lets others have runs at once. */
  readonly release: (instance: string, runs: readonly R[]) => Promise<void>
  /** Told of one that has ended without a word. */
  readonly onDeath: (run: R) => void
  /** What it is called in the log when the database cannot be told. */
  readonly faults: { readonly notKept: string; readonly notReleased: string }
  readonly later: (work: Promise<unknown>) => void
  readonly now: () => number
  readonly log: Log
}

/** An instance that has not kept its runs for so long is taken to be gone. */
const LEASE_MS = 30_000
/** How often it keeps them. */
const KEEP_MS = 5_000

/** What runs at this instance, kept from the others for as long as it does. */
export function createLeases<R extends LeasedRun>(parts: LeasesParts<R>) {
  const { instance, renew, release, onDeath, faults, later, now, log } = parts
  const runs = new Map<string, R>()
  let keptAt = Number.NEGATIVE_INFINITY
  const lease = (): Lease => ({ instance: instance(), expiresAt: now() + LEASE_MS })

  /** It is not this instance's any more. */
  function give(run: R): void {
    run.isLeft = true
    run.abort.abort()
  }

  /** One that runs here, and is not known to have died. */
  function find(id: string): R | undefined {
    const run = runs.get(id)
    if (!run || now() - run.aliveAt < LEASE_MS) return run
    onDeath(run)
    give(run)
    runs.delete(id)
    return
  }

  const living = (ids: Iterable<string> = runs.keys()): readonly R[] =>
    [...ids].flatMap((id) => find(id) ?? [])

  async function keep(): Promise<void> {
    keptAt = now()
    try {
      for (const run of living(await renew(lease(), living()))) give(run)
    } catch (cause) {
      log.warn(faults.notKept, faultFields(cause))
    }
  }

  return {
    lease,
    give,
    find,

    /** Those of these that run here; of all, without ids. */
    living,

    /** Keep them all now, and hear what became of them elsewhere. */
    keep,

    /** How many run here. */
    count: (): number => runs.size,

    /** Keep a run from now on, until what this returns is called. */
    hold(id: string, run: R): () => void {
      runs.set(id, run)
      // By a timer of its own, which on Workers lives as long as the run does, and no other would.
      const timer = setInterval(() => {
        run.aliveAt = now()
        // All at once, by whichever looks first.
        if (now() - keptAt >= KEEP_MS / 2) later(keep())
      }, KEEP_MS)
      return () => {
        clearInterval(timer)
        if (runs.get(id) === run) runs.delete(id)
      }
    },

    /** Give runs up, so that another instance takes them over at once: the server stops. */
    async leave(isToGo: (run: R) => boolean): Promise<void> {
      const left = [...runs.values()].filter(isToGo)
      if (left.length === 0) return
      for (const run of left) run.isLeft = true
      try {
        await release(instance(), left)
      } catch (cause) {
        log.warn(faults.notReleased, faultFields(cause))
      }
      for (const run of left) give(run)
    },
  }
}
