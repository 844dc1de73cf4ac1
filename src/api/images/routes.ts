import { Elysia } from 'elysia'
import { ApiError } from '../../errors'
import type { KeyHandlers, OfId } from '../../http/key-handlers'
import { answers, failure, keyFailures, operation, turnFailures } from '../../http/operation'
import type { Settings } from '../../store/settings'
import { ImageEvent, ImageMethod, ImagesAnswer } from './answer-schema'
import type { ImageReaders } from './request'
import { ImageEdit, ImageEditForm, ImageGeneration } from './schema'
import type { Images } from './service'

interface ImageRouteParts {
  readonly images: Images
  readonly read: ImageReaders
  readonly handlers: KeyHandlers
  readonly settings: () => Settings
}

const METHODS = { chat: 'legacy', imagine: 'imagine_ws_experimental' } as const

const made = {
  200: answers('The pictures, at once or as they come.', ImagesAnswer, ImageEvent),
  ...turnFailures,
  400: failure(
    'The request is not right, or the upstream does not make such a picture.',
    'content_policy_violation',
    'The upstream made no picture of this: its content policy forbids it.',
  ),
  502: failure(
    'The upstream failed, or made fewer pictures than were asked for.',
    'images_incomplete',
    '3 of 4 pictures were made, also after more tries.',
  ),
}

/** `/v1/images/…` */
export const imageRoutes = ({ images, read, handlers, settings }: ImageRouteParts) =>
  new Elysia({ prefix: '/v1/images', tags: ['Images'] })
    .post(
      '/generations',
      handlers(async (request, caller) => images.make(await read.generation(request), caller)),
      {
        parse: 'none',
        detail: operation({
          operationId: 'createImage',
          summary: 'Make pictures',
          description:
            'Over every kind of account that draws. Send `stream: true` to receive each picture as it comes, and `partial_images` previews of it where its upstream has any.',
          body: ImageGeneration,
          answers: made,
        }),
      },
    )
    .post(
      '/edits',
      handlers(async (request, caller) => images.make(await read.edit(request), caller)),
      {
        parse: 'none',
        detail: operation({
          operationId: 'createImageEdit',
          summary: 'Change pictures',
          description:
            'As a form, which is how the SDKs send pictures, or as JSON with addresses, `data:` URLs or ids of files.',
          body: ImageEdit,
          form: ImageEditForm,
          answers: made,
        }),
      },
    )
    .get(
      '/method',
      handlers(() => Response.json({ image_generation_method: METHODS[settings().image_method] })),
      {
        detail: operation({
          operationId: 'getImageMethod',
          summary: 'Say how grok.com makes pictures',
          description: 'As the setting image_method has it.',
          answers: { 200: answers('How.', ImageMethod), 401: keyFailures[401] },
        }),
      },
    )
    .post(
      '/variations',
      handlers(() => {
        throw new ApiError(
          'unknown_path',
          'Nobody makes variations any more: send the picture to POST /v1/images/edits and say what is to be different.',
        )
      }),
      { parse: 'none', detail: { hide: true } },
    )
    .get(
      '/:id',
      handlers((_, __, { id }: OfId) => {
        throw new ApiError(
          'not_found',
          `There are no pictures '${id.slice(0, 100)}': none are made behind a request here.`,
        )
      }),
      { detail: { hide: true } },
    )
