import { newRequestId } from '../../crypto'
import { ApiError } from '../../errors'
import { type Admission, type Ending, NEVER_BEGUN, type Ticket } from '../../http/admission'
import type { Demand } from '../../http/demand'
import { faultFields } from '../../log'
import { sleep } from '../../sleep'
import type { Key } from '../../store/keys'
import type { VideoRow } from '../../store/videos'
import { failedEnd } from './failure'
import type { KeptFilm } from './kept'
import { type Asker, createVideoRuns, noKey, type RunsParts } from './runs'

interface RunnerParts extends RunsParts {
  readonly newId: () => string
  readonly admission: Pick<Admission, 'enter'>
}

/** How often those that wait are looked for. */
const LOOK_MS = 5_000
/** So many at once: others may want some, too. */
const MOST_AT_ONCE = 20
/** Within so long another instance sees that what it holds for a video is not needed there. */
const GIVEN_BACK_MS = 8_000
/** What has brought down so many instances is not begun again. */
const MOST_TRIES = 3

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
  const { rows, admission, keyOf, reach, later, now, log } = parts
  const runs = createVideoRuns(parts)
  let isStopping = false
  let beingAdded = 0
  let lookedAt = Number.NEGATIVE_INFINITY
  const room = () => runs.room() - beingAdded

  /** Go on with a video that nobody makes. */
  async function resume(row: VideoRow): Promise<void> {
    const { id, keyId, model, tries, upstreamId, request } = row
    // The database was away for longer than its time; now it has got more.
    if (runs.find(id)) return
    const held = runs.take(id)
    try {
      const key = keyOf(keyId)
      if (!key) throw noKey()
      if (tries > MOST_TRIES && upstreamId === null) throw inVain()
      const requestId = newRequestId(now())
      const { film } = request as unknown as KeptFilm
      const ticket = held ?? (await letIn(key, demandOf(model, film.prompt, requestId)))
      if (tries > 1) log.info('video_resumed', { video: id, tries })
      runs.start(row, { key, ticket, requestId }, lookOn)
    } catch (cause) {
      held?.settle(NEVER_BEGUN)
      // The database may be there again when its time here is over.
      if (cause instanceof ApiError && cause.code === 'not_ready') throw cause
      await runs.end(row, failedEnd(cause))
    }
  }

  /**
   * It was let in once. Where its key has no place now, another instance may still hold the one that it
   * took, and gives it back soon: then it is counted when it is made.
   */
  async function letIn(key: Key, demand: Demand): Promise<Ticket> {
    try {
      return await admission.enter(key, demand)
    } catch (cause) {
      if (!(cause instanceof ApiError) || cause.status !== 429) throw cause
      const at = now()
      return {
        settle(ending) {
          if (ending.outcome !== 'failed') later(count(key, demand, { ending, at }))
        },
      }
    }
  }

  async function count(
    key: Key,
    demand: Demand,
    { ending, at }: { readonly ending: Ending; readonly at: number },
  ): Promise<void> {
    for (const waitMs of [GIVEN_BACK_MS, 2 * GIVEN_BACK_MS]) {
      if (isStopping) return
      await sleep(Math.max(0, at + waitMs - now()))
      try {
        const ticket = await admission.enter(key, demand)
        ticket.settle(ending)
        return
      } catch (cause) {
        log.info('video_not_counted', { key: key.id, ...faultFields(cause) })
      }
    }
  }

  async function look(): Promise<void> {
    if (isStopping || now() - lookedAt < LOOK_MS) return
    lookedAt = now()
    runs.living()
    try {
      const most = Math.min(room(), MOST_AT_ONCE)
      const claimed = most > 0 ? await reach(rows.claim(runs.lease(), now(), most)) : []
      for (const row of claimed)
        await resume(row).catch((cause) =>
          log.warn('video_waits', { video: row.id, ...faultFields(cause) }),
        )
      await runs.forgetTaken()
    } catch (cause) {
      log.warn('database_unreachable', faultFields(cause))
    }
  }

  /** One is over: the next may have waited for its place. */
  async function lookOn(): Promise<void> {
    if (room() > 1 && !runs.hasWaiting()) return
    lookedAt = Number.NEGATIVE_INFINITY
    await look()
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
      const { instance, expiresAt } = runs.lease()
      const ours = isHere ? { ...row, instance, leaseUntil: expiresAt, tries: 1 } : row
      try {
        await reach(rows.insert(ours))
      } catch (cause) {
        // It may have come about nevertheless, and its client was told that it has not.
        await rows.remove(row.keyId, row.id).catch(() => {})
        throw cause
      } finally {
        if (isHere) beingAdded--
      }
      if (isStopping) {
        asker.ticket.settle(NEVER_BEGUN)
        if (isHere) await reach(rows.release(instance, [row.id]))
      } else if (isHere) runs.start(ours, asker, lookOn)
      else runs.hold(row.id, asker.ticket)
    },

    /** Its client wants it no more, and it is not there any more. */
    stop: runs.stop,

    /** Take up what waits. */
    look,

    /** Whether any waits that was asked for here. */
    hasWaiting: runs.hasWaiting,

    /** Give all videos up, so that another instance takes them over at once: the server stops. */
    async leave(): Promise<void> {
      isStopping = true
      await runs.leave()
    },
  }
}

export type VideoRunner = ReturnType<typeof createVideoRunner>

const inVain = (): ApiError =>
  new ApiError('internal_error', 'The video was begun several times in vain.')
