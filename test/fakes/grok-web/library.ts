import { randomUUID } from 'node:crypto'
import { filmOf, mp4, type Source, sourceOf } from '../media/films'
import { etagOf } from '../media/host'
import { type Dots, jpeg } from '../media/jpeg'
import { type Counts, type Manner, noCounts } from '../media/serving'
import type { WebAccount } from './accounts'

/** A file of the asset host; what is not readonly may be changed to make the host misbehave. */
export interface Asset extends Counts {
  /** Without the leading slash. */
  readonly path: string
  /** Whose cookie it needs; undefined for everybody. */
  readonly owner: string | undefined
  /** The id in the account's list of assets; undefined when it is not listed. */
  readonly assetId: string | undefined
  /** Its content, which need not be in memory, and the whole of it at once. */
  readonly source: Source
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly etag: string
  type: string
  /** Milliseconds between two parts of the body, of 16 KiB; 0 to send it at once. */
  gapMs: number
  /** Answer this status instead. */
  status: number | undefined
  /** Close the connection after so many bytes. */
  breaksAfter: number | undefined
  /** Everything else that can be wrong. */
  manner: Manner
}

/** How a file is put there. */
export interface AssetOptions {
  readonly path?: string
  readonly type?: string
  readonly bytes?: Uint8Array<ArrayBuffer>
  /** Content that is made where it is read. */
  readonly source?: Source
  /** So many bytes, when they do not matter. */
  readonly size?: number
  readonly gapMs?: number
  readonly status?: number
  readonly breaksAfter?: number
  readonly manner?: Manner
  readonly listed?: boolean
}

/** A picture that an answer shows. */
export interface Picture {
  readonly id: string
  /** Relative to the asset host; so is `preview`. */
  readonly path: string
  readonly preview: string
}

/** A film that an answer shows. */
export interface Film {
  readonly id: string
  readonly assetId: string
  readonly path: string
  readonly thumbnail: string
}

/** How a public picture is drawn. */
interface Drawn {
  readonly size?: number | undefined
  readonly dots?: Dots
  /** These bytes instead. */
  readonly bytes?: Uint8Array<ArrayBuffer> | undefined
}

/** Files, and whose they are. */
export function createLibrary() {
  const byPath = new Map<string, Asset>()
  const byId = new Map<string, Asset>()
  const uploads = new Map<string, Asset>()
  const films = new Map<string, Film & { owner: string }>()
  /** Media posts, and whose they are. */
  const posts = new Map<string, string>()

  function put(owner: string | undefined, options: AssetOptions): Asset {
    const {
      size = 0,
      bytes = new Uint8Array(size).fill(0x2e),
      source = sourceOf(bytes),
      listed = owner !== undefined,
    } = options
    const id = randomUUID()
    const asset: Asset = {
      path: options.path ?? `users/${owner}/${id}/content`,
      ...{ owner, assetId: listed ? id : undefined, source, etag: etagOf(source) },
      get bytes() {
        return source.read(0, source.size)
      },
      ...noCounts(),
      manner: options.manner ?? {},
      type: options.type ?? 'image/jpeg',
      gapMs: options.gapMs ?? 0,
      status: options.status,
      breaksAfter: options.breaksAfter,
    }
    byPath.set(asset.path, asset)
    if (asset.assetId !== undefined) byId.set(asset.assetId, asset)
    return asset
  }

  const ownPath = (owner: string, rest: string) => `users/${owner}/${rest}`

  return {
    put,
    at: (path: string): Asset | undefined => byPath.get(path),
    /** The files of an account, the newest first. */
    listed: (owner: string): readonly Asset[] =>
      [...byId.values()].filter((asset) => asset.owner === owner).reverse(),
    remove(owner: string, assetId: string): boolean {
      const asset = byId.get(assetId)
      if (asset?.owner !== owner) return false
      byId.delete(assetId)
      return byPath.delete(asset.path)
    },
    upload(owner: string, bytes: Uint8Array<ArrayBuffer>, type: string) {
      const fileMetadataId = randomUUID()
      const path = ownPath(owner, `${fileMetadataId}/content`)
      uploads.set(fileMetadataId, put(owner, { path, bytes, type }))
      return { fileMetadataId, fileUri: path }
    },
    uploaded: (id: string): Asset | undefined => uploads.get(id),
    picture({ userId }: WebAccount, size = 0): Picture {
      const id = randomUUID()
      const path = ownPath(userId, `generated/${id}/image.jpg`)
      const preview = ownPath(userId, `generated/${id}-part-0/image.jpg`)
      put(userId, { path, bytes: jpeg(id, size) })
      put(userId, { path: preview, bytes: jpeg(`${id} preview`), listed: false })
      return { id, path, preview }
    },
    film({ userId }: WebAccount, size = 0): Film {
      const id = randomUUID()
      const path = ownPath(userId, `generated/${id}/generated_video.mp4`)
      const thumbnail = ownPath(userId, `generated/${id}/preview_image.jpg`)
      const { assetId = id } = put(userId, {
        ...{
          path,
          source: size > 1_000 ? filmOf(id, size) : sourceOf(mp4(id, size)),
          type: 'video/mp4',
        },
      })
      put(userId, { path: thumbnail, bytes: jpeg(`${id} preview`), listed: false })
      const film = { id, assetId, path, thumbnail }
      films.set(id, { ...film, owner: userId })
      return film
    },
    /** The address of the HD form of a film. */
    upscale(owner: string, id: string): string | undefined {
      if (films.get(id)?.owner !== owner) return undefined
      const path = ownPath(owner, `generated/${id}/generated_video_hd.mp4`)
      return put(owner, { path, bytes: mp4(`${id} hd`), type: 'video/mp4' }).path
    },
    post(owner: string): string {
      const id = randomUUID()
      posts.set(id, owner)
      return id
    },
    ownsPost: (owner: string, id: string): boolean => posts.get(id) === owner,
    publicPicture(id: string, { size = 0, dots, bytes }: Drawn): Asset {
      const path = `imagine-public/images/${id}.jpg`
      return put(undefined, { path, bytes: bytes ?? jpeg(id, size, dots) })
    },
  }
}

export type Library = ReturnType<typeof createLibrary>
