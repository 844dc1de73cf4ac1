import { embeddingRoutes } from './api/embeddings/routes'
import { createEmbeddings } from './api/embeddings/service'
import { fileRoutes } from './api/files/routes'
import { createFilesApi } from './api/files/service'
import { createImageReaders } from './api/images/request'
import { imageRoutes } from './api/images/routes'
import { createImages } from './api/images/service'
import { mediaRoutes } from './api/media/routes'
import { createServedMedia } from './api/media/service'
import { createPictureUpload } from './api/media/uploads'
import type { Works } from './dispatch/work'
import type { Admission } from './http/admission'
import type { BodyReaders, Checks } from './http/body'
import { createForms } from './http/form'
import type { Intake, IntakeLimits } from './http/intake'
import type { KeyHandlers } from './http/key-handlers'
import type { OriginOf } from './http/origin'
import type { KeptMedia } from './kept-media'
import { createInputs } from './media/inputs'
import { createFetchGuard } from './net/fetch-guard'
import type { Platform } from './platform'
import type { Catalog } from './pool/catalog'
import type { Key } from './store/keys'
import type { Settings } from './store/settings'
import type { Stores } from './store/stores'
import { createVideoSurface } from './video-surface'

export interface MediaSurfaceParts {
  readonly platform: Platform
  readonly stores: Stores
  readonly works: Works
  readonly media: KeptMedia
  readonly admission: Admission
  readonly intake: Intake
  readonly limits: () => IntakeLimits
  readonly catalog: Catalog
  readonly handlers: KeyHandlers
  readonly readers: BodyReaders
  readonly checks: Checks
  readonly originOf: OriginOf
  /** A key by its id, while it is good. */
  readonly keyOf: (id: string) => Key | undefined
  readonly settings: () => Settings
  /** The name of this instance. */
  readonly instance: () => string
}

/** Pictures, videos, files and vectors below `/v1`, and the addresses of what was made. */
export function createMediaSurface(parts: MediaSurfaceParts) {
  const { platform, media, handlers, readers, originOf, settings } = parts
  const { cache, links, files, readOwn } = media
  const { fetch, resolve, reachable: isAllowed, now, later } = platform
  const forms = createForms(parts)
  const serve = createServedMedia({ open: cache.open, links, now })
  const upload = createPictureUpload({ forms, cache })
  const fetchPublic = createFetchGuard({ fetch, resolve, isAllowed })
  const inputs = createInputs({ fetchPublic, settings, files, readOwn })
  const images = createImages({ ...parts, inputs, media: cache, now, later })
  const readImages = createImageReaders({ ...parts, forms })
  // Whoever asks with the key that it was made for needs no signature.
  const check = async () => ({ isGood: true, until: undefined }) as const
  const serveOwn = createServedMedia({ open: cache.open, links: { ...links, check }, now })
  const videos = createVideoSurface({
    ...{ ...parts, inputs, forms },
    serveKept: (request, { sort, name }) => serveOwn(request, sort, name),
  })
  const routes = [
    mediaRoutes({ serve, upload, handlers, originOf }),
    imageRoutes({ images, read: readImages, handlers, settings }),
    fileRoutes({ files: createFilesApi({ files, settings }), handlers }),
    embeddingRoutes({ embeddings: createEmbeddings(parts), handlers, readers }),
    videos.routes,
  ]
  return { routes, videos: videos.runner }
}
