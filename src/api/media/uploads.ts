import { ApiError } from '../../errors'
import type { FormFile, Forms } from '../../http/form'
import type { KeyCaller } from '../../http/key-handlers'
import type { MediaCache } from '../../media/cache'
import { MOST_INPUT_BYTES } from '../../media/inputs'
import { mediaKind } from '../../media/kind'

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
  if (isPicture(file.bytes)) return file
  throw new ApiError(
    'unsupported_media_type',
    'The file is no picture that can be shown: send a png, jpeg, gif, webp or avif.',
    { param: 'file' },
  )
}

function isPicture(bytes: Uint8Array): boolean {
  try {
    return mediaKind(bytes).sort === 'image'
  } catch {
    return false
  }
}
