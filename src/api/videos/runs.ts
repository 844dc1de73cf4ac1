import { ApiError } from '../../errors'
import type { Ticket } from '../../http/admission'
import { faultFields, type Log } from '../../log'
import type { Reach } from '../../state/reach'
import type { Key } from '../../store/keys'
import type { Settings } from '../../store/settings'
import type { VideoEnd, VideoRow, VideoRows } from '../../store/videos'
import { failedEnd } from './failure'
import type { Filming, Run } from './filming'
import type { KeptFilm, KeptFilms } from './kept'

export interface RunsParts {
  readonly rows: VideoRows
  readonly filming: Filming
  readonly kept: Pick<KeptFilms, 'forget'>
  /** A key by its id, while it is good. */
  readonly keyOf: (id: string) => Key | undefined
  readonly settings: () => Settings
  readonly reach: Reach
  readonly later: (work: Promise<unknown>) => void
  readonly now: () => number
  readonly newId: () => string
  readonly log: Log
}

/** Who asked for a video, and what it holds of the key's limits. */
export interface Asker {
  readonly key: Key
  readonly ticket: Ticket
  readonly requestId: string
}

/** An instance that has not kept its videos for so long is taken to be gone. */
const LEASE_MS = 30_000
/** How often it keeps them. */
const KEEP_MS = 5_000
/** How long a video waits before it asks for an account again: there may be another one sooner. */
const SHORTEST_WAIT_MS = 5_000
const LONGEST_WAIT_MS = 60_000

/** What a video takes of its key's limits that was never made. */
export const UNMADE = {
  outcome: 'failed',
  inputTokens: 0,
  outputTokens: 0,
  usageSource: 'none',
  costTicks: null,
} as const

/** The videos that this instance makes, and what it holds for those that wait. */
export function createVideoRuns(parts: RunsParts) {
  const { rows, filming, kept, keyOf, settings, reach, later, now, newId, log } = parts
  const runs = new Map<string, Run>()
  /** What those hold of their keys' limits that were asked for here and nobody makes. */
  const waiting = new Map<string, Ticket>()
  let ownName: string | undefined
  const instance = () => {
    // Not at once: a Worker has no random numbers before its first request.
    ownName ??= newId()
    return ownName
  }
  const lease = () => ({ instance: instance(), until: now() + LEASE_MS })
  let keptAt = Number.NEGATIVE_INFINITY

  /** It is not this instance's any more. */
  function give(run: Run): void {
    run.isLeft = true
    run.abort.abort()
  }

  /** Those that run here, without the ones that the runtime has ended without a word. */
  function living(): readonly Run[] {
    for (const [id, run] of runs) {
      if (now() - run.aliveAt < LEASE_MS) continue
      give(run)
      runs.delete(id)
    }
    return [...runs.values()]
  }

  /** Keep the videos that are made here; stop those of keys that are no longer good. */
  async function keep(): Promise<void> {
    // All at once, by whichever looks first.
    if (now() - keptAt < KEEP_MS / 2) return
    keptAt = now()
    const all = living()
    for (const run of all) {
      if (keyOf(run.key.id)) continue
      run.stoppedBy = noKey()
      run.abort.abort()
    }
    try {
      const ids = all.map(({ row }) => row.id)
      for (const id of await reach(rows.renew(lease(), ids))) {
        const run = runs.get(id)
        if (run) give(run)
      }
    } catch (cause) {
      log.warn('videos_not_kept', faultFields(cause))
    }
  }

  /** It is over; says false when it is not this instance's any more. */
  async function end(row: VideoRow, ending: VideoEnd): Promise<boolean> {
    const isOurs = await reach(rows.end(row.id, instance(), ending))
    if (isOurs) await kept.forget(row.request as unknown as KeptFilm).catch(() => {})
    return isOurs
  }

  /** No account is free: it waits, where one will be before a video has taken too long. */
  async function defer({ row, ticket, isAccepted }: Run, why: unknown): Promise<boolean> {
    if (!(why instanceof ApiError) || why.code !== 'rate_limit_exceeded' || isAccepted) return false
    const waitMs = Math.max((why.details.retryAfter ?? 0) * 1000, SHORTEST_WAIT_MS)
    if (now() + waitMs > row.createdAt + settings().video_timeout_ms) return false
    const until = now() + Math.min(waitMs, LONGEST_WAIT_MS)
    const isOurs = await reach(rows.defer(row.id, instance(), until))
    if (isOurs) waiting.set(row.id, ticket)
    return isOurs
  }

  async function make(run: Run): Promise<void> {
    const { row, ticket } = run
    try {
      const ending = await filming.film(run).catch(async (cause) => {
        const why = run.stoppedBy ?? cause
        if (run.isLeft || (await defer(run, why))) return
        log.info('video_failed', { video: row.id, error: String(why) })
        return failedEnd(why)
      })
      if (ending && !run.isLeft) await filming.insist(run, () => end(row, ending))
      if (waiting.get(row.id) === ticket) return
      const entry = run.entry ?? UNMADE
      ticket.settle(ending?.status === 'failed' ? { ...entry, ...UNMADE } : entry)
    } catch (cause) {
      // Its lease runs out, and somebody begins it again.
      log.warn('video_left', { video: row.id, ...faultFields(cause) })
      ticket.settle(run.entry ?? UNMADE)
    }
  }

  function drop(id: string): void {
    waiting.get(id)?.settle(UNMADE)
    waiting.delete(id)
  }

  return {
    lease,
    living,
    end,
    drop,

    has: (id: string): boolean => runs.has(id),

    /** Whether any waits that was asked for here. */
    hasWaiting: (): boolean => waiting.size > 0,

    /** How many more may run here. */
    room: (): number => settings().videos_at_once - runs.size,

    /** @param onEnd what is to be done when it is over, and there is room for another one */
    start(row: VideoRow, asker: Asker, onEnd: () => Promise<void>): void {
      const run: Run = {
        ...{ row, ...asker, instance: instance(), abort: new AbortController() },
        ...{ isLeft: false, stoppedBy: undefined, isAccepted: row.upstreamId !== null },
        ...{ aliveAt: now(), entry: undefined },
      }
      runs.set(row.id, run)
      // By a timer of its own, which on Workers lives as long as the run does, and no other would.
      const timer = setInterval(() => {
        run.aliveAt = now()
        later(keep())
      }, KEEP_MS)
      const work = async () => {
        await make(run)
        clearInterval(timer)
        if (runs.get(row.id) === run) runs.delete(row.id)
        await onEnd()
      }
      later(work())
    },

    /** One that was asked for here has to wait. */
    hold(id: string, ticket: Ticket): void {
      waiting.set(id, ticket)
    },

    /** What it holds of its key's limits, which is no longer kept here. */
    take(id: string): Ticket | undefined {
      const ticket = waiting.get(id)
      waiting.delete(id)
      return ticket
    },

    /** Give back what those hold that another instance has begun to make, or that are gone. */
    async forgetTaken(): Promise<void> {
      if (waiting.size === 0) return
      const asked = [...waiting.keys()]
      const unclaimed = await reach(rows.unclaimed(asked))
      for (const id of asked) if (!unclaimed.has(id)) drop(id)
    },

    /** Its client wants it no more, and it is not there any more. */
    stop(id: string): void {
      const run = runs.get(id)
      if (run) give(run)
      drop(id)
    },

    /** Give all up, so that another instance takes them over at once: the server stops. */
    async leave(): Promise<void> {
      for (const id of [...waiting.keys()]) drop(id)
      const left = [...runs.values()].filter(({ isLeft }) => !isLeft)
      if (left.length === 0) return
      for (const run of left) run.isLeft = true
      try {
        const ids = left.map(({ row }) => row.id)
        await reach(rows.release(instance(), ids))
      } catch (cause) {
        log.warn('videos_not_given_back', faultFields(cause))
      }
      for (const run of left) {
        run.ticket.settle(UNMADE)
        give(run)
      }
    },
  }
}

/** Why a video is not made whose key was switched off, or has expired. */
export const noKey = (): ApiError =>
  new ApiError('invalid_api_key', 'The API key that asked for it is no longer valid.')
