import { Elysia } from 'elysia'
import type { KeyHandlers } from '../../http/key-handlers'
import { answers, failure, keyFailures, operation, pathParameter } from '../../http/operation'
import type { OriginOf } from '../../http/origin'
import { notThere } from '../../media/flights'
import { isMediaName } from '../../media/kind'
import { type FOLDERS, folderAt } from '../../media/links'
import { Bytes, UploadedImage, UploadImage } from './schema'
import type { ServedMedia } from './service'
import type { PictureUpload } from './uploads'

interface MediaRouteParts {
  readonly serve: ServedMedia
  readonly upload: PictureUpload
  readonly handlers: KeyHandlers
  readonly originOf: OriginOf
}

type Sort = keyof typeof FOLDERS

const EXAMPLES = {
  image: '0f8fad5bd9cb469fa16570867728950e.jpg',
  video: '0f8fad5bd9cb469fa16570867728950e.mp4',
} as const

/** `/images/{name}` and `/videos/{name}`, and the ways there. */
export const mediaRoutes = ({ serve, upload, handlers, originOf }: MediaRouteParts) => {
  const serving =
    (sort: Sort) =>
    ({ request, params }: NamedContext): Promise<Response> =>
      serve(request, sort, params.name)
  const leading =
    (sort: Sort) =>
    ({ request, params: { name } }: NamedContext): Response => {
      if (!isMediaName(name)) throw notThere(name)
      const { search } = new URL(request.url)
      const location = `${folderAt(originOf(request), sort)}${name}${search}`
      return new Response(null, { status: 302, headers: { location } })
    }
  return new Elysia({ tags: ['Media'] })
    .get('/images/:name', serving('image'), { detail: served('image') })
    .get('/videos/:name', serving('video'), { detail: served('video') })
    .get('/v1/files/image/:name', leading('image'), HIDDEN)
    .get('/v1/files/video/:name', leading('video'), HIDDEN)
    .post('/v1/uploads/image', handlers(upload), {
      parse: 'none',
      detail: operation({
        operationId: 'uploadImage',
        summary: 'Give a picture an address',
        description:
          'A picture that anyone can open who knows its address, such as for an `image_url`.',
        form: UploadImage,
        answers: {
          200: answers('Where it is.', UploadedImage),
          401: keyFailures[401],
          413: failure('It is too large.', 'file_too_large', 'A picture may have 52428800 bytes.'),
          415: failure('It is no picture.', 'unsupported_media_type', 'The file is no picture.'),
        },
      }),
    })
}

interface NamedContext {
  readonly request: Request
  readonly params: { readonly name: string }
}

const HIDDEN = { detail: { hide: true } } as const

const served = (sort: Sort) =>
  operation({
    operationId: sort === 'image' ? 'getImage' : 'getVideo',
    summary: sort === 'image' ? 'A picture' : 'A video',
    description:
      'By an address that an answer has told. Takes `Range`, `If-None-Match` and `If-Range`; an address with a signature ends when it says so.',
    open: true,
    parameters: [pathParameter('name', EXAMPLES[sort])],
    answers: {
      200: { description: 'All of it.', content: { [`${sort}/*`]: { schema: Bytes } } },
      206: { description: 'A part of it.', content: { [`${sort}/*`]: { schema: Bytes } } },
      403: failure('It has ended.', 'link_expired', 'This address has expired.'),
      404: failure('There is none.', 'not_found', 'There is no such picture or video.'),
      416: failure('No such part.', 'range_not_satisfiable', 'It has 5 bytes.'),
      502: failure('It cannot be had.', 'media_unavailable', 'The upstream has it no longer.'),
    },
  })
