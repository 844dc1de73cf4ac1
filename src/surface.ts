import { Elysia } from 'elysia'
import { chatRoutes } from './api/chat/routes'
import { createChat } from './api/chat/service'
import { createStoredChat } from './api/chat/stored'
import { conversationRoutes } from './api/conversations/routes'
import { createConversations } from './api/conversations/service'
import { modelRoutes } from './api/models/routes'
import { createModels } from './api/models/service'
import { passthroughRoutes } from './api/passthrough/routes'
import type { Passthrough } from './api/passthrough/service'
import { createBackground } from './api/responses/background'
import { createCompaction } from './api/responses/compaction'
import { createContexts } from './api/responses/context'
import { createResponseObjects } from './api/responses/objects'
import { responseRoutes } from './api/responses/routes'
import { createResponses } from './api/responses/service'
import { createResponsesSocket } from './api/responses/socket'
import { createSums } from './api/responses/sums'
import { createTakeover } from './api/responses/takeover'
import { createTurns } from './api/responses/turn'
import { newId, newRequestId, newTimedId, type Vault } from './crypto'
import type { Dispatch } from './dispatch/dispatch'
import type { Works } from './dispatch/work'
import { ApiError } from './errors'
import type { Admission } from './http/admission'
import type { Auth } from './http/auth'
import { createBodyReaders, createChecks } from './http/body'
import type { Intake, IntakeLimits } from './http/intake'
import { createKeyHandlers } from './http/key-handlers'
import { createOrigin } from './http/origin'
import { openSocket } from './http/socket'
import type { KeptMedia } from './kept-media'
import { createMediaSurface } from './media-surface'
import { modelledMethods } from './modelled'
import type { Platform } from './platform'
import type { Catalog } from './pool/catalog'
import { windowOf } from './pool/model'
import type { Said } from './state/said'
import type { Key } from './store/keys'
import type { Settings } from './store/settings'
import type { Stores } from './store/stores'

interface SurfaceParts {
  readonly platform: Platform
  readonly vault: Vault
  readonly stores: Stores
  readonly dispatch: Dispatch
  readonly works: Works
  readonly media: KeptMedia
  readonly admission: Admission
  readonly auth: Auth
  readonly intake: Intake
  readonly limits: () => IntakeLimits
  readonly catalog: Catalog
  readonly passthrough: Passthrough
  readonly said: Said
  /** The name of this instance. */
  readonly instance: () => string
  readonly onBug: (error: unknown) => void
  /** A key by its id, while it is good. */
  readonly keyOf: (id: string) => Key | undefined
  readonly settings: () => Settings
  /** Whether an address is that of a proxy before us. */
  readonly isTrusted: (address: string) => boolean
}

/** Everything below `/v1`. */
export function createSurface(parts: SurfaceParts) {
  const { platform, dispatch, admission, auth, settings, said, catalog, passthrough } = parts
  const { now, later, log } = platform
  const forwardOwn = passthrough.own
  const originOf = createOrigin({
    baseUrl: () => settings().base_url,
    isTrusted: parts.isTrusted,
  })
  const handlers = createKeyHandlers({ auth, forwardOwn, originOf })
  const checks = createChecks(platform.compilesLate)
  const readers = createBodyReaders({ ...parts, checks })
  const heartbeatMs = () => settings().heartbeat_ms

  const newSaidId = () => newTimedId(now())
  const turns = createTurns({
    windowOf: (model) => windowOf(catalog.model(model)),
    newId: newSaidId,
    now,
  })
  const compaction = createCompaction(parts.vault)
  const contexts = createContexts({ said, compaction, newId: newSaidId })
  const background = createBackground({
    dispatch,
    said,
    log,
    later,
    heartbeatMs,
    now,
    instance: parts.instance,
  })
  const shared = { dispatch, admission, contexts, turns, settings }
  const responses = createResponses({ ...shared, background, said, checks })
  const takeover = createTakeover({
    ...shared,
    background,
    said,
    keyOf: parts.keyOf,
    now,
    log,
  })
  const { tokenizer } = platform
  const { completions } = said

  const media = createMediaSurface({ ...parts, handlers, readers, checks, originOf })
  const routes = new Elysia()
    .use(
      chatRoutes({
        chat: createChat({ dispatch, admission, completions, settings, newId: newSaidId, now }),
        stored: createStoredChat(completions),
        handlers,
        readers,
      }),
    )
    .use(
      responseRoutes({
        responses,
        objects: createResponseObjects({ said, background, heartbeatMs }),
        connect: (request, caller) =>
          openSocket(platform.upgrade, request, {
            maxBytes: () => settings().max_body_bytes,
            handler: createResponsesSocket({
              respond: async (asked, terms) => {
                // A socket may stay open for long after its key was switched off or given other limits.
                const key = parts.keyOf(caller.key.id)
                if (!key) throw new ApiError('invalid_api_key', 'The API key is no longer valid.')
                // Each turn is one in the ledger.
                const requestId = newRequestId(now())
                return responses.respond(asked, { ...caller, key, requestId }, terms)
              },
              onBug: parts.onBug,
            }),
          }),
        sums: createSums({ ...shared, compaction, tokenizer, newId, now }),
        handlers,
        readers,
      }),
    )
    .use(
      conversationRoutes({
        conversations: createConversations({ said, newId }),
        handlers,
        readers,
      }),
    )
    .use(modelRoutes({ models: createModels(catalog), auth, forwardOwn }))
    .use(media.routes)
    .use(passthroughRoutes({ passthrough, auth, modelled: modelledMethods }))

  return { routes, background, takeover, videos: media.videos }
}

export type Surface = ReturnType<typeof createSurface>
