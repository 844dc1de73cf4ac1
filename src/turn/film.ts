import type { PictureInput } from './picture'
import type { Usage } from './usage'

/** What video is wanted, whoever makes it. */
export interface FilmRequest {
  /** Make one, change one, or go on with one. */
  readonly work: 'generate' | 'edit' | 'extend'
  readonly prompt: string
  /** The picture that it begins with. */
  readonly first: PictureInput | undefined
  /** Pictures of what is to be seen in it. */
  readonly references: readonly PictureInput[]
  /** The video that is to be changed or gone on with: its address, or a `data:` URL. */
  readonly video: string | undefined
  readonly seconds: number | undefined
  /** Such as `16:9`. */
  readonly ratio: string | undefined
  readonly resolution: '480p' | '720p' | '1080p' | undefined
  /** How grok.com is to do it. */
  readonly preset: 'normal' | 'fun' | 'custom' | undefined
  /** Everything else as the client wrote it, by xAI's name. */
  readonly others: Readonly<Record<string, unknown>>
}

/** What of it not every upstream can do. */
export type WantedFilm = Pick<FilmRequest, 'work' | 'resolution' | 'others'>

/** What becomes of a video. */
export type FilmEvent =
  /** The upstream has begun; by `upstreamId`, where there is one, anyone can ask how far it is. */
  | { readonly type: 'accepted'; readonly upstreamId: string | undefined }
  /** From 0 to 100. */
  | { readonly type: 'progress'; readonly percent: number }
  /** It is done: where it is at the upstream. */
  | {
      readonly type: 'video'
      readonly url: string
      readonly thumbnail: string | undefined
      readonly seconds: number | undefined
    }
  | { readonly type: 'usage'; readonly usage: Usage }
