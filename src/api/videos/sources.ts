import { ApiError } from '../../errors'
import { isObject, isText, type Json } from '../../json-value'
import type { PictureField, PictureSource } from '../../media/inputs'

/** Where a video comes from that is to be changed or gone on with. */
export type VideoSource = PictureSource

/** A file of a form in place of a value. */
export interface SentFile {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly name: string
}

/** Some, one or none of the pictures of a field. */
export function readPictures(value: unknown, param: string): readonly PictureField[] {
  if (value === undefined || value === null) return []
  if (!Array.isArray(value)) return [readPicture(value, param)]
  return value.map((one: unknown, index) => readPicture(one, `${param}.${index}`))
}

/**
 * A picture in any of its forms: a file, an address or `data:` URL, or an object that names one of these.
 *
 * @throws ApiError when it is none
 */
export function readPicture(value: unknown, param: string): PictureField {
  const source = sourceOf(value)
  if (source) return { source, param }
  throw new ApiError(
    'invalid_value',
    `'${param}' must be a picture: a file, an address in 'image_url' or 'url', or a 'file_id'.`,
    { param },
  )
}

/**
 * The same for a video.
 *
 * @throws ApiError when it is none, or one that is named by its id
 */
export function readVideo(value: unknown): VideoSource {
  if (isObject(value) && isText(value.id))
    throw new ApiError(
      'unsupported_parameter',
      "Videos are not known by their ids here: give the address of the video in 'video.url'.",
      { param: 'video.id' },
    )
  const source = sourceOf(value)
  if (source) return source
  throw new ApiError(
    'invalid_value',
    "'video' must be a video: a file, an address in 'url', or a 'file_id'.",
    { param: 'video' },
  )
}

/** Exactly one of these says where something is. */
function sourceOf(value: unknown): PictureSource | undefined {
  if (isText(value)) return textSource(value)
  if (isFile(value)) return value
  if (!isObject(value)) return
  const { file_id: fileId } = value
  const said = [value.url, value.image_url].map(addressOf).filter(isText)
  const [url] = said
  if (isText(fileId)) return url === undefined ? { fileId } : undefined
  return url === undefined || said.length > 1 ? undefined : textSource(url)
}

const textSource = (text: string): PictureSource =>
  /^file-[\w-]+$/.test(text) ? { fileId: text } : { url: text }

/** OpenAI's chat wraps addresses once more. */
const addressOf = (value: unknown): unknown => (isObject(value) ? value.url : value)

const isFile = (value: unknown): value is SentFile =>
  isObject(value) && (value as Json).bytes instanceof Uint8Array
