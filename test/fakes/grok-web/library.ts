import { createHash, randomUUID } from 'node:crypto'
import { mp4 } from '../media/films'
import { jpeg } from '../media/jpeg'
import type { WebAccount } from './accounts'

/** A file of the asset host; what is not readonly may be changed to make the host misbehave. */
export interface Asset {
  /** Without the leading slash. */
  readonly path: string
  /** Whose cookie it needs; undefined for everybody. */
  readonly owner: string | undefined
  /** The id in the account's list of assets; undefined when it is not listed. */
  readonly assetId: string | undefined
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly etag: string
  type: string
  /** Milliseconds between two parts of the body, of 16 KiB; 0 to send it at once. */
  gapMs: number
  /** Answer this status instead. */
  status: number | undefined
  /** Close the connection after so many bytes. */
  breaksAfter: number | undefined
}

/** How a file is put there. */
export interface AssetOptions {
  readonly path?: string
  readonly type?: string
  readonly bytes?: Uint8Array<ArrayBuffer>
  /** So many bytes, when they do not matter. */
  readonly size?: number
  readonly gapMs?: number
  readonly status?: number
  readonly breaksAfter?: number
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
      listed = owner !== undefined,
    } = options
    const id = randomUUID()
    const asset: Asset = {
      path: options.path ?? `users/${owner}/${id}/content`,
      ...{ owner, assetId: listed ? id : undefined, bytes },
      etag: `"${createHash('md5').update(bytes).digest('hex')}"`,
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
      const { assetId = id } = put(userId, { path, bytes: mp4(id, size), type: 'video/mp4' })
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
    publicPicture(id: string, size = 0): Asset {
      const path = `imagine-public/images/${id}.jpg`
      return put(undefined, { path, bytes: jpeg(id, size) })
    },
  }
}

export type Library = ReturnType<typeof createLibrary>
