import { Elysia } from 'elysia'
import type { Static, TSchema } from 'typebox'
import { ApiError } from '../../errors'
import type { BodyReaders, Checks } from '../../http/body'
import { type Forms, isForm } from '../../http/form'
import { type KeyHandlers, type OfId, queryOf } from '../../http/key-handlers'
import {
  answers,
  askFailures,
  failure,
  listParameters,
  objectFailures,
  operation,
  pathParameter,
  turnFailures,
} from '../../http/operation'
import type { Json } from '../../json-value'
import type { FilmRequest } from '../../turn/film'
import { bodyOfForm } from './form-body'
import {
  AnyVideo,
  BegunVideo,
  Bytes,
  DeletedVideo,
  VideoEdit,
  VideoExtension,
  VideoForm,
  VideoGeneration,
  VideoList,
  VideoObject,
  VideoRequest,
  VideoState,
} from './schema'
import type { Kept, Videos } from './service'
import { readWish, type VideoWish } from './wish'

interface VideoRouteParts {
  readonly videos: Videos
  /** Answers with the bytes of something that is kept. */
  readonly serve: (request: Request, kept: Kept) => Promise<Response>
  readonly handlers: KeyHandlers
  readonly readers: BodyReaders
  readonly forms: Forms
  readonly checks: Checks
}

const ID = pathParameter('id', 'video_…')

/** What every upstream makes, for who does not say how long it is to be. */
const USUAL_SECONDS = 6

const FAILURES = { ...turnFailures, 503: objectFailures[503] }

const VARIANT = {
  name: 'variant',
  in: 'query' as const,
  description: 'The video itself, or a picture of it where its upstream has made one.',
  schema: { type: 'string' as const, enum: ['video', 'thumbnail'], default: 'video' },
}

const binary = (description: string) => ({
  description,
  content: { 'video/mp4': { schema: Bytes } },
})

/** `/v1/videos` and what belongs to it. */
export const videoRoutes = (parts: VideoRouteParts) => {
  const { videos, serve, handlers } = parts
  const create = taking(parts, VideoRequest, { work: 'generate', usualSeconds: USUAL_SECONDS })
  const begin = (schema: TSchema, work: FilmRequest['work']) => {
    const take = taking(parts, schema, { work, usualSeconds: undefined })
    return handlers((request, caller) => take(request, (wish) => videos.begin(wish, caller)))
  }

  const content = handlers(async (request, caller, { id }: OfId) => {
    const variant = queryOf(request).get('variant') || 'video'
    const response = await serve(request, await videos.find(caller, id, variant))
    // It is for this key alone, and may be deleted.
    response.headers.set('cache-control', 'private, no-cache')
    return response
  })

  return new Elysia({ prefix: '/v1/videos', tags: ['Videos'] })
    .post(
      '',
      handlers((request, caller) => create(request, (wish) => videos.create(wish, caller))),
      {
        parse: 'none',
        detail: operation({
          operationId: 'createVideo',
          summary: 'Have a video made',
          description:
            'The answer comes at once; `GET /v1/videos/{id}` tells how far it is, and `…/content` has it when it is completed.',
          body: VideoRequest,
          form: VideoForm,
          answers: {
            200: answers('The video, which is still to be made.', VideoObject),
            ...FAILURES,
          },
        }),
      },
    )
    .get(
      '',
      handlers((request, caller) => videos.list(caller, queryOf(request))),
      {
        detail: operation({
          operationId: 'listVideos',
          summary: 'List videos',
          description: 'The newest come first unless `order` says otherwise.',
          parameters: listParameters,
          answers: { 200: answers('The videos.', VideoList), ...askFailures },
        }),
      },
    )
    .post('/generations', begin(VideoGeneration, 'generate'), {
      parse: 'none',
      detail: operation({
        operationId: 'generateVideo',
        summary: "Have a video made, in xAI's words",
        description: '`GET /v1/videos/{request_id}` tells how far it is.',
        body: VideoGeneration,
        answers: { 200: answers('It will be made.', BegunVideo), ...FAILURES },
      }),
    })
    .post('/edits', begin(VideoEdit, 'edit'), {
      parse: 'none',
      detail: operation({
        operationId: 'editVideo',
        summary: "Have a video changed, in xAI's words",
        description: 'For accounts of xAI.',
        body: VideoEdit,
        answers: { 200: answers('It will be made.', BegunVideo), ...FAILURES },
      }),
    })
    .post('/extensions', begin(VideoExtension, 'extend'), {
      parse: 'none',
      detail: operation({
        operationId: 'extendVideo',
        summary: "Have a video go on, in xAI's words",
        description: 'For accounts of xAI.',
        body: VideoExtension,
        answers: { 200: answers('It will be made.', BegunVideo), ...FAILURES },
      }),
    })
    .get(
      '/:id',
      handlers((_, caller, { id }: OfId) => videos.get(caller, id)),
      {
        detail: operation({
          operationId: 'retrieveVideo',
          summary: 'Look a video up',
          description:
            "In the words in which it was asked for. In xAI's it comes with the status 202 until it is done.",
          parameters: [ID],
          answers: {
            200: answers('The video.', AnyVideo),
            202: answers("It is still being made, in xAI's words.", VideoState),
            ...objectFailures,
          },
        }),
      },
    )
    .delete(
      '/:id',
      handlers((_, caller, { id }: OfId) => videos.remove(caller, id)),
      {
        detail: operation({
          operationId: 'deleteVideo',
          summary: 'Delete a video',
          description: 'One that is still being made is not made any further.',
          parameters: [ID],
          answers: { 200: answers('It is gone.', DeletedVideo), ...objectFailures },
        }),
      },
    )
    .head('/:id/content', content, { detail: { hide: true } })
    .get('/:id/content', content, {
      detail: operation({
        operationId: 'downloadVideoContent',
        summary: 'Download a video',
        description: 'All of it, or a part that `Range` names.',
        parameters: [ID, VARIANT],
        answers: {
          200: binary('Its bytes.'),
          206: binary('A part of its bytes.'),
          ...askFailures,
          409: failure(
            'It is not made yet.',
            'video_not_ready',
            'The video is not made yet: ask for its status.',
          ),
        },
      }),
    })
    .post(
      '/:id/remix',
      handlers(() => notMade('Remixes')),
      { detail: { hide: true } },
    )
    .post(
      '/characters',
      handlers(() => notMade('Characters')),
      { parse: 'none', detail: { hide: true } },
    )
}

/** Reads a request, as JSON or as a form, and hands on what it asks for. */
function taking(
  { readers, forms, checks }: Pick<VideoRouteParts, 'readers' | 'forms' | 'checks'>,
  schema: TSchema,
  terms: Parameters<typeof readWish>[1],
) {
  const [readJson, check] = [readers(schema), checks(schema)]

  async function read(
    request: Request,
  ): Promise<{ readonly value: Static<TSchema>; readonly release: () => void }> {
    if (!isForm(request)) return readJson(request)
    const form = await forms(request)
    try {
      return { value: check(bodyOfForm(form)), release: form.release }
    } catch (cause) {
      form.release()
      throw cause
    }
  }

  return async (
    request: Request,
    use: (wish: VideoWish) => Promise<Response>,
  ): Promise<Response> => {
    const { value, release } = await read(request)
    try {
      return await use(readWish(value as Json, terms))
    } finally {
      release()
    }
  }
}

function notMade(what: string): never {
  throw new ApiError(
    'unsupported_parameter',
    `${what} are not made here: have a video changed with POST /v1/videos/edits.`,
  )
}
