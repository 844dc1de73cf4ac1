import { ApiError } from '../../errors'
import type { FormFile, Forms } from '../../http/form'
import type { KeyCaller } from '../../http/key-handlers'
import type { MediaCache } from '../../media/cache'
import { MOST_INPUT_BYTES, MOST_PIXELS } from '../../media/inputs'
import { type MediaKind, mediaKind } from '../../media/kind'
import { measure } from '../../stream/picture-size'

interface PictureUploadParts {
  readonly forms: Forms
  readonly cache: Pick<MediaCache, 'keep' | 'linkOf'>
}

/** Takes a picture of a client's, and gives it an address that anyone can open. */
export const createPictureUpload =
  ({ forms, cache }: PictureUploadParts) =>
  async (request: Request, { key, origin }: KeyCaller): Promise<Response> => {
    const { files, release } = await forms(request)
    try {
      const { bytes } = pictureIn(files)
      const { name, sort, bytes: size } = await cache.keep(bytes, { keyId: key.id })
      const url = await cache.linkOf(origin(), name, sort)
      return Response.json({ url, name, size_bytes: size })
    } finally {
      release()
    }
  }

export type PictureUpload = ReturnType<typeof createPictureUpload>

function pictureIn(files: readonly FormFile[]): FormFile {
  const [file, ...more] = files.filter(({ field }) => field === 'file')
  if (!file || more.length > 0)
    throw new ApiError('invalid_value', "Send one picture, in the field 'file'.", { param: 'file' })
  if (file.bytes.length > MOST_INPUT_BYTES)
    throw new ApiError('file_too_large', `A picture may have ${MOST_INPUT_BYTES} bytes.`, {
      param: 'file',
    })
  const { sort, mime } = kindOf(file.bytes)
  const size = measure(file.bytes)
  // Of this form alone it is not read how large a picture is.
  if (sort !== 'image' || (!size && mime !== 'image/avif')) throw noPicture()
  if (size && size.width * size.height > MOST_PIXELS)
    throw new ApiError(
      'file_too_large',
      `A picture may have ${MOST_PIXELS / 1e6} million pixels.`,
      { param: 'file' },
    )
  return file
}

function kindOf(bytes: Uint8Array): MediaKind {
  try {
    return mediaKind(bytes)
  } catch {
    throw noPicture()
  }
}

const noPicture = (): ApiError =>
  new ApiError(
    'unsupported_media_type',
    'The file is no picture that can be shown: send a png, jpeg, gif, webp or avif.',
    { param: 'file' },
  )
