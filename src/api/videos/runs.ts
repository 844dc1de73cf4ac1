import { ApiError } from '../../errors'
import { NEVER_BEGUN, type Ticket } from '../../http/admission'
import { faultFields, type Log } from '../../log'
import { createLeases } from '../../state/leases'
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
  /** The name of this instance. */
  readonly instance: () => string
  readonly log: Log
}

/** Who asked for a video, and what it holds of the key's limits. */
export interface Asker {
  readonly key: Key
  readonly ticket: Ticket
  readonly requestId: string
}

/** How long a video waits before it asks for an account again: there may be another one sooner. */
const SHORTEST_WAIT_MS = 5_000
const LONGEST_WAIT_MS = 60_000

/** The videos that this instance makes, and what it holds for those that wait. */
export function createVideoRuns(parts: RunsParts) {
  const { rows, filming, kept, keyOf, settings, reach, later, now, instance, log } = parts
  /** What those hold of their keys' limits that were asked for here and nobody makes. */
  const waiting = new Map<string, Ticket>()
  const leases = createLeases<Run>({
    instance,
    async renew(lease, runs) {
      for (const run of runs) if (!keyOf(run.key.id)) dismiss(run)
      return reach(rows.renew(lease, idsOf(runs)))
    },
    async release(name, runs) {
      try {
        await reach(rows.release(name, idsOf(runs)))
      } finally {
        for (const { ticket } of runs) ticket.settle(NEVER_BEGUN)
      }
    },
    // Whoever goes on with it takes its place.
    onDeath: ({ ticket }) => ticket.settle(NEVER_BEGUN),
    faults: { notKept: 'videos_not_kept', notReleased: 'videos_not_given_back' },
    ...{ later, now, log },
  })

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
      const entry = run.entry ?? NEVER_BEGUN
      ticket.settle(ending?.status === 'failed' ? { ...entry, ...NEVER_BEGUN } : entry)
    } catch (cause) {
      // Its lease runs out, and somebody begins it again.
      log.warn('video_left', { video: row.id, ...faultFields(cause) })
      ticket.settle(run.entry ?? NEVER_BEGUN)
    }
  }

  function drop(id: string): void {
    waiting.get(id)?.settle(NEVER_BEGUN)
    waiting.delete(id)
  }

  return {
    lease: leases.lease,
    find: leases.find,
    living: leases.living,
    end,
    drop,

    /** Whether any waits that was asked for here. */
    hasWaiting: (): boolean => waiting.size > 0,

    /** How many more may run here. */
    room: (): number => settings().videos_at_once - leases.count(),

    /** @param onEnd what is to be done when it is over, and there is room for another one */
    start(row: VideoRow, asker: Asker, onEnd: () => Promise<void>): void {
      const run: Run = {
        ...{ row, ...asker, instance: instance(), abort: new AbortController() },
        ...{ isLeft: false, stoppedBy: undefined, isAccepted: row.upstreamId !== null },
        ...{ aliveAt: now(), entry: undefined },
      }
      const letGo = leases.hold(row.id, run)
      const work = async () => {
        await make(run)
        letGo()
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
      const run = leases.find(id)
      if (run) leases.give(run)
      drop(id)
    },

    /** Give all up, so that another instance takes them over at once: the server stops. */
    async leave(): Promise<void> {
      for (const id of [...waiting.keys()]) drop(id)
      await leases.leave(({ isLeft }) => !isLeft)
    },
  }
}

const idsOf = (runs: readonly Run[]) => runs.map(({ row }) => row.id)

/** Its key is no longer good. */
function dismiss(run: Run): void {
  run.stoppedBy = noKey()
  run.abort.abort()
}

/** Why a video is not made whose key was switched off, or has expired. */
export const noKey = (): ApiError =>
  new ApiError('invalid_api_key', 'The API key that asked for it is no longer valid.')
