import { ApiError } from '../../errors'
import type { PictureField, PictureSource } from '../../media/inputs'
import { type ImageEdit, MOST_INPUTS, type Reference } from './schema'

/** The pictures that a request brings, before they were loaded. */
export interface Brought {
  readonly pictures: readonly PictureField[]
  readonly mask: PictureField | undefined
}

/**
 * The pictures of a JSON body, in OpenAI's form and in xAI's.
 *
 * @throws ApiError 400 that names the field
 */
export function picturesOf({ image, images, image_url, mask }: ImageEdit): Brought {
  const given = Object.entries({ images, image, image_url }).filter(
    ([, value]) => value !== null && value !== undefined,
  )
  const [first, second] = given
  if (second) throw refused(`'${first?.[0]}' and '${second[0]}' cannot stand together.`, second[0])
  const pictures = given.flatMap(([name, value]) =>
    Array.isArray(value)
      ? value.map((one: Reference, at) => read(one, `${name}.${at}`))
      : [read(value as Reference, name)],
  )
  return checked({ pictures, mask: mask ? read(mask, 'mask') : undefined })
}

/** @throws ApiError 400 for none, or more than are taken */
export function checked(brought: Brought): Brought {
  const { length } = brought.pictures
  if (length === 0)
    throw refused("'image' is missing: send the picture that is to be changed.", 'image')
  if (length > MOST_INPUTS)
    throw refused(`There are ${length} pictures, and ${MOST_INPUTS} are taken.`, 'image')
  return brought
}

function read(reference: Reference, param: string): PictureField {
  if (typeof reference === 'string') return { source: sourceOf(reference, param), param }
  const { image_url, url, file_id } = reference
  const said = Object.entries({ image_url, url, file_id }).filter(([, value]) => value)
  const [only, other] = said
  if (!only?.[1] || other)
    throw refused(`'${param}' must have one of image_url, url and file_id.`, param)
  const [name, value] = only
  const field = `${param}.${name}`
  if (name === 'file_id') return { source: { fileId: value }, param: field }
  return { source: sourceOf(value, field), param: field }
}

function sourceOf(url: string, param: string): PictureSource {
  if (url === '') throw refused(`'${param}' is empty.`, param)
  return { url }
}

export const refused = (message: string, param: string): ApiError =>
  new ApiError('invalid_value', message, { param })
