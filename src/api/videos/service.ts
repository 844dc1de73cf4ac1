import type { Works } from '../../dispatch/work'
import { ApiError } from '../../errors'
import { type Admission, NEVER_BEGUN } from '../../http/admission'
import { mayUse } from '../../http/allow-list'
import type { KeyCaller } from '../../http/key-handlers'
import { listBody, readPage } from '../../http/page'
import { droppedHeaders } from '../../http/served'
import type { Links } from '../../media/links'
import type { ObjectStore } from '../../media/object-store'
import type { Kind } from '../../pool/account'
import type { Catalog } from '../../pool/catalog'
import type { Reach } from '../../state/reach'
import type { Key } from '../../store/keys'
import type { MediaRows } from '../../store/media'
import type { Settings } from '../../store/settings'
import type { VideoRow, VideoRows } from '../../store/videos'
import type { WantedFilm } from '../../turn/film'
import { filmWork } from './filming'
import type { KeptFilm, KeptFilms } from './kept'
import { demandOf, type VideoRunner } from './runner'
import { shownToXai, shownVideo } from './shown'
import type { VideoWish } from './wish'

interface VideoParts {
  readonly rows: VideoRows
  readonly runner: VideoRunner
  readonly kept: KeptFilms
  readonly works: Works
  readonly catalog: Catalog
  readonly admission: Admission
  /** The index of what is kept, and what it is kept in. */
  readonly media: Pick<MediaRows, 'remove'>
  readonly objects: Pick<ObjectStore, 'remove'>
  readonly links: Pick<Links, 'linkOf'>
  readonly settings: () => Settings
  readonly reach: Reach
  readonly now: () => number
  readonly newId: () => string
}

/** Something that is kept. */
export interface Kept {
  readonly name: string
  readonly sort: 'image' | 'video'
}

const DAY_MS = 86_400_000
/** What tells models of one priority apart: priorities are whole numbers. */
const LESS = 0.5

/** Takes videos on, tells how far they are, and forgets them. */
export function createVideos(parts: VideoParts) {
  const { rows, runner, kept, works, catalog, admission, links, settings, reach, now, newId } =
    parts

  /** The kind that would be asked first; undefined where none can make it. */
  function firstKind(model: string, wish: VideoWish): Kind | undefined {
    try {
      return works.kindsFor(filmWork(model, wantedOf(wish)))[0]
    } catch {
      return
    }
  }

  /** What is asked for by who names no model: one that is named for videos, of the kind that comes first. */
  function usualModel(wish: VideoWish, key: Key): string {
    const current = settings()
    if (current.video_model !== '') return current.video_model
    let best: { readonly id: string; readonly rank: number } | undefined
    for (const { id } of catalog.list()) {
      const kind = mayUse(key, id) ? firstKind(id, wish) : undefined
      if (!kind) continue
      const rank = current[`priority_${kind}`] + (/video/i.test(id) ? 0 : LESS)
      if (best === undefined || rank < best.rank) best = { id, rank }
    }
    if (best) return best.id
    throw new ApiError(
      'invalid_value',
      "'model' is missing, and no account has a model that makes such videos. Name one of GET /v1/models, or have the operator set video_model.",
      { param: 'model' },
    )
  }

  async function take(
    wish: VideoWish,
    { key, requestId, origin, signal }: KeyCaller,
    shape: VideoRow['shape'],
  ): Promise<VideoRow> {
    const model = wish.model ?? usualModel(wish, key)
    works.kindsFor(filmWork(model, wantedOf(wish)))
    const ticket = await admission.enter(key, demandOf(model, wish.film.prompt, requestId))
    let request: KeptFilm | undefined
    try {
      const terms = { keyId: key.id, origin: origin(), signal }
      request = await kept.keep(wish, terms)
      const row = newRow({ model, shape, request, keyId: key.id, origin: terms.origin })
      await runner.add(row, { key, ticket, requestId })
      return row
    } catch (cause) {
      ticket.settle(NEVER_BEGUN)
      if (request) await kept.forget(request).catch(() => {})
      throw cause
    }
  }

  function newRow({
    request,
    ...about
  }: Pick<VideoRow, 'model' | 'shape' | 'keyId' | 'origin'> & {
    readonly request: KeptFilm
  }): VideoRow {
    const createdAt = now()
    return {
      ...about,
      id: about.shape === 'xai' ? crypto.randomUUID() : `video_${newId()}`,
      request: { ...request },
      ...{ status: 'queued', progress: 0, accountId: null, upstreamId: null },
      ...{ video: null, thumbnail: null, seconds: null, error: null, usage: null },
      ...{ instance: null, leaseUntil: 0, tries: 0, createdAt, completedAt: null },
      expiresAt: createdAt + settings().video_days * DAY_MS,
    }
  }

  async function find(keyId: string, id: string): Promise<VideoRow> {
    const row = await reach(rows.find(keyId, id, now()))
    return row ?? unknownVideo(id)
  }

  return {
    /** `POST /v1/videos` */
    async create(wish: VideoWish, caller: KeyCaller): Promise<Response> {
      const row = await take(wish, caller, 'openai')
      return Response.json(shownVideo(row), { headers: droppedHeaders(wish.dropped) })
    },

    /** `POST /v1/videos/generations` and the like */
    async begin(wish: VideoWish, caller: KeyCaller): Promise<Response> {
      const { id } = await take(wish, caller, 'xai')
      return Response.json({ request_id: id }, { headers: droppedHeaders(wish.dropped) })
    },

    /** `GET /v1/videos` */
    async list({ key }: KeyCaller, query: URLSearchParams): Promise<Response> {
      const terms = { keyId: key.id, shape: 'openai', now: now() } as const
      const { data, hasMore } = await reach(rows.list(terms, readPage(query, 'desc')))
      return Response.json(listBody(data.map(shownVideo), hasMore))
    },

    /** `GET /v1/videos/{id}`, in the words in which it was asked for. */
    async get({ key, origin }: KeyCaller, id: string): Promise<Response> {
      const row = await find(key.id, id)
      if (row.shape === 'openai') return Response.json(shownVideo(row))
      const { video } = row
      const url = video === null ? undefined : await links.linkOf(origin(), video, 'video')
      const { httpStatus, body } = shownToXai(row, url)
      return Response.json(body, { status: httpStatus })
    },

    /** `DELETE /v1/videos/{id}`, which also stops the making of it. */
    async remove({ key }: KeyCaller, id: string): Promise<Response> {
      const row = await find(key.id, id)
      if (!(await reach(rows.remove(key.id, id)))) return unknownVideo(id)
      runner.stop(id)
      await forgetMade(row)
      return Response.json({ id, object: 'video.deleted', deleted: true })
    },

    /**
     * The name under which the video, or a picture of it, is kept, and which of both it is.
     *
     * @throws ApiError while it is not made, and where it never will be
     */
    async find({ key }: KeyCaller, id: string, variant: string): Promise<Kept> {
      if (variant !== 'video' && variant !== 'thumbnail')
        throw new ApiError('invalid_value', "'variant' must be video or thumbnail.", {
          param: 'variant',
        })
      const { status, error, video, thumbnail } = await find(key.id, id)
      if (status === 'failed')
        throw new ApiError('not_found', `The video could not be made: ${error?.message ?? ''}`)
      if (status !== 'completed')
        throw new ApiError('video_not_ready', 'The video is not made yet: ask for its status.', {
          retryAfter: 2,
        })
      const [name, sort] =
        variant === 'video' ? ([video, 'video'] as const) : ([thumbnail, 'image'] as const)
      if (name !== null) return { name, sort }
      throw new ApiError('not_found', 'There is no picture of this video.', { param: 'variant' })
    },
  }

  /** Nobody knows of it any more: what could not be removed is an orphan for the cleaner. */
  async function forgetMade({ video, thumbnail, request }: VideoRow): Promise<void> {
    const names = [video, thumbnail].filter((name) => name !== null)
    await kept.forget(request as unknown as KeptFilm).catch(() => {})
    if (names.length === 0) return
    await reach(parts.media.remove(names))
      .then(() => parts.objects.remove(names))
      .catch(() => {})
  }
}

export type Videos = ReturnType<typeof createVideos>

/** What not every upstream can do of it. */
const wantedOf = ({ film, frames }: VideoWish): WantedFilm =>
  frames.length > 0 ? { ...film, others: { ...film.others, keyframes: frames } } : film

function unknownVideo(id: string): never {
  throw new ApiError('not_found', `There is no video '${id.slice(0, 100)}'.`, {
    param: 'video_id',
  })
}
