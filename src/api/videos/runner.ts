import { ApiError } from '../../errors'
import type { Admission, Ticket } from '../../http/admission'
import type { Demand } from '../../http/demand'
import { faultFields, type Log } from '../../log'
import type { Reach } from '../../state/reach'
import type { Key } from '../../store/keys'
import type { Settings } from '../../store/settings'
import type { VideoEnd, VideoRow, VideoRows } from '../../store/videos'
import { failedEnd } from './failure'
import type { Filming, Run } from './filming'
import type { KeptFilm, KeptFilms } from './kept'

interface RunnerParts {
  readonly rows: VideoRows
  readonly filming: Filming
  readonly kept: KeptFilms
  readonly admission: Admission
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
interface Asker {
  readonly key: Key
  readonly ticket: Ticket
  readonly requestId: string
}

/** An instance that has not kept its videos for so long is taken to be gone. */
const LEASE_MS = 30_000
/** How often it keeps them. */
const KEEP_MS = 5_000
/** How often those that wait are looked for. */
const LOOK_MS = 5_000
/** So many at once: others may want some, too. */
const MOST_AT_ONCE = 20
/** What has brought down so many instances is not begun again. */
const MOST_TRIES = 3
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

/** What a video asks for, before anyone was asked. */
export const demandOf = (model: string, prompt: string, requestId: string): Demand => ({
  ...{ requestId, endpoint: 'videos', stream: false, model, feature: 'video', count: 1 },
  ...{ text: prompt, maxOutput: 0 },
})

/**
 * Makes videos behind the answers to their requests, so many at a time. Each has one instance that makes
 * it, and goes on at another when that one is gone.
 */
export function createVideoRunner(parts: RunnerParts) {
  const { rows, filming, kept, admission, keyOf, settings, reach, later, now, newId, log } = parts
  const runs = new Map<string, Run>()
  /** What those hold of their keys' limits that nobody has begun to make. */
  const waiting = new Map<string, Ticket>()
  let ownName: string | undefined
  const instance = () => {
    // Not at once: a Worker has no random numbers before its first request.
    ownName ??= newId()
    return ownName
  }
  const lease = () => ({ instance: instance(), until: now() + LEASE_MS })
  let isStopping = false
  let beingAdded = 0
  let keptAt = Number.NEGATIVE_INFINITY
  let lookedAt = Number.NEGATIVE_INFINITY
  const room = () => settings().videos_at_once - runs.size - beingAdded

  /** Those that run here, without the ones that the runtime has ended without a word. */
  function living(): readonly Run[] {
    for (const [id, run] of runs) {
      if (now() - run.aliveAt < LEASE_MS) continue
      give(run)
      runs.delete(id)
    }
    return [...runs.values()]
  }

  /** It is not this instance's any more. */
  function give(run: Run): void {
    run.isLeft = true
    run.abort.abort()
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
      for (const id of await reach(
        rows.renew(
          lease(),
          all.map(({ row }) => row.id),
        ),
      )) {
        const run = runs.get(id)
        if (run) give(run)
      }
    } catch (cause) {
      log.warn('videos_not_kept', faultFields(cause))
    }
  }

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

  function start(row: VideoRow, asker: Asker): void {
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
      await make(run).finally(() => clearInterval(timer))
      const wasFull = room() <= 0
      if (runs.get(row.id) === run) runs.delete(row.id)
      if (!wasFull && waiting.size === 0) return
      lookedAt = Number.NEGATIVE_INFINITY
      await look()
    }
    later(work())
  }

  /** Go on with a video that nobody makes. */
  async function resume(row: VideoRow): Promise<void> {
    const { id, keyId, model, tries, upstreamId, request } = row
    // The database was away for longer than its time; now it has got more.
    if (runs.has(id)) return
    const held = waiting.get(id)
    waiting.delete(id)
    try {
      const key = keyOf(keyId)
      if (!key) throw noKey()
      if (tries > MOST_TRIES && upstreamId === null) throw inVain()
      const requestId = `req_${newId()}`
      const { film } = request as unknown as KeptFilm
      const ticket = held ?? (await letIn(key, demandOf(model, film.prompt, requestId)))
      if (tries > 1) log.info('video_resumed', { video: id, tries })
      start(row, { key, ticket, requestId })
    } catch (cause) {
      held?.settle(UNMADE)
      // The database may be there again when its time here is over.
      if (cause instanceof ApiError && cause.code === 'not_ready') throw cause
      await end(row, failedEnd(cause))
    }
  }

  /** It was let in once, so that its key's limits have counted it. */
  async function letIn(key: Key, demand: Demand): Promise<Ticket> {
    try {
      return await admission.enter(key, demand)
    } catch (cause) {
      if (cause instanceof ApiError && cause.status === 429) return { settle() {} }
      throw cause
    }
  }

  /** Give back what those hold that another instance has begun to make, or that are gone. */
  async function forgetTaken(): Promise<void> {
    if (waiting.size === 0) return
    const asked = [...waiting.keys()]
    const unclaimed = await reach(rows.unclaimed(asked))
    for (const id of asked) if (!unclaimed.has(id)) drop(id)
  }

  function drop(id: string): void {
    waiting.get(id)?.settle(UNMADE)
    waiting.delete(id)
  }

  async function look(): Promise<void> {
    if (isStopping || now() - lookedAt < LOOK_MS) return
    lookedAt = now()
    living()
    try {
      const most = Math.min(room(), MOST_AT_ONCE)
      const claimed = most > 0 ? await reach(rows.claim(lease(), now(), most)) : []
      for (const row of claimed)
        await resume(row).catch((cause) =>
          log.warn('video_waits', { video: row.id, ...faultFields(cause) }),
        )
      await forgetTaken()
    } catch (cause) {
      log.warn('database_unreachable', faultFields(cause))
    }
  }

  return {
    /**
     * Take a video on, and begin to make it where there is room.
     *
     * @throws ApiError when the database is away
     */
    async add(row: VideoRow, asker: Asker): Promise<void> {
      const isHere = !isStopping && room() > 0
      if (isHere) beingAdded++
      const { instance: name, until } = lease()
      const here = { instance: name, leaseUntil: until, tries: 1 }
      try {
        await reach(rows.insert(isHere ? { ...row, ...here } : row))
      } finally {
        if (isHere) beingAdded--
      }
      if (isHere && !isStopping) return start({ ...row, ...here }, asker)
      if (isHere) await reach(rows.release(name, [row.id]))
      if (isStopping) asker.ticket.settle(UNMADE)
      else waiting.set(row.id, asker.ticket)
    },

    /** Its client wants it no more, and it is not there any more. */
    stop(id: string): void {
      const run = runs.get(id)
      if (run) give(run)
      drop(id)
    },

    /** Take up what waits. */
    look,

    /** Give all videos up, so that another instance takes them over at once: the server stops. */
    async leave(): Promise<void> {
      isStopping = true
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

export type VideoRunner = ReturnType<typeof createVideoRunner>

const noKey = (): ApiError =>
  new ApiError('invalid_api_key', 'The API key that asked for it is no longer valid.')

const inVain = (): ApiError =>
  new ApiError('internal_error', 'The video was begun several times in vain.')
