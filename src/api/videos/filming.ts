import { brokenOff } from '../../dispatch/reply'
import type { Work, Works } from '../../dispatch/work'
import { ApiError, unable } from '../../errors'
import type { Ticket } from '../../http/admission'
import type { Publication, Publish } from '../../media/published'
import { sleep } from '../../sleep'
import type { LeasedRun } from '../../state/leases'
import type { Reach } from '../../state/reach'
import type { Key } from '../../store/keys'
import type { LedgerEntry } from '../../store/ledger'
import type { Settings } from '../../store/settings'
import type { VideoEnd, VideoRow, VideoRows } from '../../store/videos'
import type { FilmEvent, FilmRequest, WantedFilm } from '../../turn/film'
import type { KeptFilm, KeptFilms } from './kept'

interface FilmingParts {
  readonly works: Works
  readonly rows: VideoRows
  readonly kept: KeptFilms
  readonly publish: Publish
  readonly settings: () => Settings
  readonly reach: Reach
  readonly now: () => number
}

/** A video while it is made here. */
export interface Run extends LeasedRun {
  readonly row: VideoRow
  readonly key: Key
  /** What it holds of its key's limits. */
  readonly ticket: Ticket
  readonly requestId: string
  /** The name of this instance. */
  readonly instance: string
  /** Why it was stopped here. */
  stoppedBy: ApiError | undefined
  /** An account has begun: nobody else is asked. */
  isAccepted: boolean
  /** What it came to in the ledger. */
  entry: LedgerEntry | undefined
}

type VideoEvent = Extract<FilmEvent, { type: 'video' }>

/** Readers see how far it is about so often. */
const NOTE_MS = 1_000
/** How often the database is asked again while it is away. */
const TRIES = 6
const FIRST_WAIT_MS = 500

/** Has one video made, from account to address. */
export function createFilming(parts: FilmingParts) {
  const { works, rows, kept, publish, settings, reach, now } = parts

  /** Insist on what needs the database, for a minute. */
  async function insist<T>(run: Run, ask: () => Promise<T>): Promise<T> {
    for (let tried = 1; ; tried++)
      try {
        return await ask()
      } catch (cause) {
        const isAway = cause instanceof ApiError && cause.code === 'not_ready'
        if (!isAway || tried === TRIES || run.isLeft) throw cause
        await sleep(FIRST_WAIT_MS * 2 ** tried)
      }
  }

  function workOf(run: Run, request: FilmRequest): Work<FilmEvent> {
    const { row, key, requestId, abort } = run
    const { model, upstreamId } = row
    const all = settings()
    return {
      ...filmWork(model, request),
      ...{ requestId, key, stream: false, signal: abort.signal },
      settings: { ...all, total_timeout_ms: all.video_timeout_ms },
      onEnd(entry) {
        run.entry = entry
      },
      begin({ films }, call) {
        if (!films) throw unable('This account makes no videos.', 'model')
        return films.film({ ...call, request, upstreamId: upstreamId ?? undefined })
      },
    }
  }

  /** Another account, or another instance, may have begun it: then it is only asked how far it is. */
  async function begin(run: Run) {
    const { accountId, upstreamId, request } = run.row
    const film = request as unknown as KeptFilm
    if (accountId === null || upstreamId === null) {
      const whole = await insist(run, () => reach(kept.load(film)))
      return works.run(workOf(run, whole))
    }
    const bare = { ...film.film, first: undefined, references: [], video: undefined }
    return works.resume(workOf(run, bare), accountId)
  }

  /** Notes how far it is, but not every step, and none that the database is slow to take. */
  function createNotes({ row, instance }: Run) {
    let percent = row.progress
    let writtenAt = Number.NEGATIVE_INFINITY
    let writing: Promise<void> | undefined
    return {
      take(next: number): void {
        if (next <= percent || writing || now() - writtenAt < NOTE_MS) return
        percent = next
        writtenAt = now()
        writing = reach(rows.advance(row.id, instance, percent))
          .catch(() => {})
          .finally(() => {
            writing = undefined
          })
      },
      /** Nothing is on its way to the database any more. */
      settled: async () => writing,
    }
  }

  /** Give the video an address of ours; a picture of it need not have one. */
  async function published(run: Run, accountId: string, event: VideoEvent) {
    const { keyId, model, origin } = run.row
    const shared: Omit<Publication, 'url' | 'sort'> = { accountId, keyId, model, origin }
    const { url, thumbnail } = event
    const video = await insist(run, () => publish({ ...shared, url, sort: 'video' }))
    const picture =
      thumbnail === undefined
        ? undefined
        : await publish({ ...shared, url: thumbnail, sort: 'image' }).catch(() => undefined)
    return { video: video.name, thumbnail: picture?.name ?? null }
  }

  return {
    insist,

    /**
     * Have it made.
     *
     * @throws ApiError that says why not
     */
    async film(run: Run): Promise<VideoEnd> {
      const { row, instance } = run
      const running = await begin(run)
      const accountId = running.account.id
      const notes = createNotes(run)
      let video: VideoEvent | undefined
      let usage: VideoEnd['usage'] = null
      for await (const event of running.events) {
        if (event.type === 'accepted') {
          run.isAccepted = true
          const upstreamId = event.upstreamId ?? null
          const known = () => reach(rows.accept(row.id, instance, { accountId, upstreamId }))
          if (!(await insist(run, known))) throw removed()
        }
        if (event.type === 'progress') notes.take(event.percent)
        if (event.type === 'video') video = event
        if (event.type === 'usage' && event.usage.costTicks !== null)
          usage = { cost_in_usd_ticks: event.usage.costTicks }
      }
      await notes.settled()
      if (!video) throw brokenOff(undefined)
      return {
        status: 'completed',
        ...(await published(run, accountId, video)),
        ...{ seconds: video.seconds ?? null, usage, error: null },
        completedAt: now(),
      }
    },
  }
}

export type Filming = ReturnType<typeof createFilming>

/** What has to be known of a video to find out who can make it. */
export const filmWork = (model: string, film: WantedFilm) =>
  ({
    model,
    endpoint: 'videos',
    can: (upstream, id) => upstream.films?.can(id, film) ?? false,
    lacking: `No account here makes such a video with the model '${model.slice(0, 100)}'.`,
  }) satisfies Partial<Work<FilmEvent>>

const removed = (): ApiError => new ApiError('not_found', 'The video is not there any more.')
