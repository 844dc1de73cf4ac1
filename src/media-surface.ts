import { Elysia } from 'elysia'
import { embeddingRoutes } from './api/embeddings/routes'
import { createEmbeddings } from './api/embeddings/service'
import { fileRoutes } from './api/files/routes'
import { createFilesApi } from './api/files/service'
import type { Works } from './dispatch/work'
import type { Admission } from './http/admission'
import type { BodyReaders, Checks } from './http/body'
import type { Intake, IntakeLimits } from './http/intake'
import type { KeyHandlers } from './http/key-handlers'
import type { OriginOf } from './http/origin'
import type { Files } from './media/files'
import type { Platform } from './platform'
import type { Catalog } from './pool/catalog'
import type { Key } from './store/keys'
import type { Settings } from './store/settings'
import type { Stores } from './store/stores'

export interface MediaSurfaceParts {
  readonly platform: Platform
  readonly stores: Stores
  readonly works: Works
  readonly admission: Admission
  readonly intake: Intake
  readonly limits: () => IntakeLimits
  readonly catalog: Catalog
  readonly handlers: KeyHandlers
  readonly readers: BodyReaders
  readonly checks: Checks
  readonly files: Files
  readonly originOf: OriginOf
  /** A key by its id, while it is good. */
  readonly keyOf: (id: string) => Key | undefined
  readonly settings: () => Settings
}

/** Pictures, videos, files and vectors below `/v1`, and the addresses of what was made. */
export function createMediaSurface(parts: MediaSurfaceParts) {
  const { handlers, readers, files, settings } = parts
  const routes = new Elysia()
    .use(fileRoutes({ files: createFilesApi({ files, settings }), handlers }))
    .use(embeddingRoutes({ embeddings: createEmbeddings(parts), handlers, readers }))
  return { routes }
}
