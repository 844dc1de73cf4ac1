import { ApiError } from '../../errors'
import type { Json } from '../../json-value'
import type { Files } from '../../media/files'
import { type Inputs, MOST_INPUT_BYTES } from '../../media/inputs'
import type { Reach } from '../../state/reach'
import type { FilmRequest } from '../../turn/film'
import type { PictureInput } from '../../turn/picture'
import type { OpenVideo } from './open-video'
import type { VideoWish } from './wish'

/** What it takes to make a video, as its row has it: pictures and videos are ids of files. */
export interface KeptFilm {
  readonly film: VideoWish['film']
  /** As the client wrote it. */
  readonly size: string | undefined
  readonly first: KeptPicture | undefined
  readonly references: readonly KeptPicture[]
  readonly frames: readonly KeptFrame[]
  /** An address that the upstream can follow, or what is kept here. */
  readonly video: { readonly url: string } | KeptPicture | undefined
}

type KeptPicture = Omit<PictureInput, 'bytes'> & { readonly id: string }

interface KeptFrame {
  readonly picture: KeptPicture
  readonly at: number
}

interface KeptParts {
  readonly files: Pick<Files, 'begin' | 'find' | 'readAll' | 'remove'>
  readonly inputs: Pick<Inputs, 'loadAll'>
  readonly openVideo: OpenVideo
  readonly reach: Reach
  readonly now: () => number
}

/** Whose wish it is, and for how long. */
export interface KeepTerms {
  readonly keyId: string
  /** Where addresses of ours begin. */
  readonly origin: string
  /** Aborts when the client leaves. */
  readonly signal: AbortSignal
}

/** Nobody's: only the job knows of them. */
const OWNER = ''
/** No job goes on for so long. What its end did not remove goes then. */
const LIFETIME_MS = 3 * 86_400_000

/** Keeps what goes into videos until they are made, be it by another instance. */
export function createKeptFilms({ files, inputs, openVideo, reach, now }: KeptParts) {
  async function store({ bytes, ...about }: PictureInput): Promise<KeptPicture> {
    const { name: filename, mime: type } = about
    const known = { filename, type, purpose: 'input', expiresAt: now() + LIFETIME_MS }
    const draft = await files.begin(OWNER, known)
    try {
      await draft.write(bytes)
      const { id } = await draft.finish()
      return { ...about, id }
    } catch (cause) {
      await draft.abort()
      throw cause
    }
  }

  async function load({ id, ...about }: KeptPicture): Promise<PictureInput> {
    const file = await files.find(OWNER, id)
    if (!file) throw new ApiError('internal_error', `What '${about.param}' had brought is gone.`)
    return { ...about, bytes: await files.readAll(file, MOST_INPUT_BYTES) }
  }

  async function videoOf(kept: KeptFilm['video']): Promise<string | undefined> {
    if (!kept || 'url' in kept) return kept?.url
    return dataUrl(await load(kept))
  }

  async function framesOf(frames: readonly KeptFrame[]): Promise<Json> {
    if (frames.length === 0) return {}
    const keyframes = frames.map(async ({ picture, at }) => ({
      image: { url: dataUrl(await load(picture)) },
      timestamp_s: at,
    }))
    return { keyframes: await Promise.all(keyframes) }
  }

  async function forget(ids: readonly string[]): Promise<void> {
    for (const id of ids) await files.remove(OWNER, id)
  }

  return {
    /**
     * Load what goes into a video, and keep it.
     *
     * @throws ApiError that names the field whose picture is not to be had
     */
    async keep(wish: VideoWish, { keyId, origin, signal }: KeepTerms): Promise<KeptFilm> {
      const { film, size, first, references, frames } = wish
      const fields = [...(first ? [first] : []), ...references, ...frames.map((it) => it.picture)]
      const loaded = await inputs.loadAll(fields, { keyId, signal, origin })
      const opened = wish.video && (await openVideo(wish.video, { keyId, origin, signal }))
      const kept: KeptPicture[] = []
      try {
        for (const picture of loaded) kept.push(await reach(store(picture)))
        const video = opened && ('url' in opened ? opened : await reach(store(opened)))
        const start = first ? 1 : 0
        const end = start + references.length
        return {
          ...{ film, size, video },
          first: first && kept[0],
          references: kept.slice(start, end),
          frames: kept.slice(end).map((picture, at) => ({ picture, at: frames[at]?.at ?? 0 })),
        }
      } catch (cause) {
        await forget(kept.map(({ id }) => id)).catch(() => {})
        throw cause
      }
    },

    /** Everything that an upstream is told. @throws ApiError when some of it is gone */
    async load({ film, first, references, frames, video }: KeptFilm): Promise<FilmRequest> {
      return {
        ...film,
        first: first && (await load(first)),
        references: await Promise.all(references.map(load)),
        video: await videoOf(video),
        others: { ...film.others, ...(await framesOf(frames)) },
      }
    },

    /** The job is over: nothing of it is needed any more. */
    forget: ({ first, references, frames, video }: KeptFilm): Promise<void> =>
      forget(
        [first, ...references, ...frames.map(({ picture }) => picture), video].flatMap((kept) =>
          kept && 'id' in kept ? [kept.id] : [],
        ),
      ),
  }
}

export type KeptFilms = ReturnType<typeof createKeptFilms>

const dataUrl = ({ mime, bytes }: PictureInput): string => `data:${mime};base64,${bytes.toBase64()}`
