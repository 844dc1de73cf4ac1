import type { Static, TObject } from 'typebox'
import { Check, Errors } from 'typebox/value'
import { ApiError } from '../errors'

/** The largest form and JSON body that the admin page takes, but for imports. */
const LARGEST_BODY = 1024 * 1024

/**
 * A request's body, whole.
 *
 * @param refusal what is said of a larger one
 * @throws ApiError `body_too_large`
 */
export async function readBytes(
  request: Request,
  most: number,
  refusal = `This takes no more than ${most} bytes at once.`,
): Promise<Blob> {
  const pieces: Uint8Array[] = []
  let size = 0
  for await (const piece of request.body ?? []) {
    size += piece.length
    if (size > most) throw new ApiError('body_too_large', refusal)
    pieces.push(piece)
  }
  return new Blob(pieces as BlobPart[])
}

/**
 * What a request's body says, as text.
 *
 * @throws ApiError `body_too_large`
 */
export const readText = async (request: Request, most = LARGEST_BODY): Promise<string> =>
  new TextDecoder().decode(await (await readBytes(request, most)).arrayBuffer())

/** The fields of a form that a page sent. */
export const readForm = async (request: Request, most?: number): Promise<URLSearchParams> =>
  new URLSearchParams(await readText(request, most))

/**
 * A JSON body that has the form of a schema; fields that the schema does not know are refused by it.
 *
 * @throws ApiError that names the field
 */
export async function readJson<T extends TObject>(
  request: Request,
  schema: T,
  most?: number,
): Promise<Static<T>> {
  const type = request.headers.get('content-type')
  // No form of another site can have this type.
  if (type !== null && !/^application\/(?:[\w.-]+\+)?json\b/i.test(type))
    throw new ApiError('unsupported_media_type', 'The body must be JSON: application/json.')
  const text = await readText(request, most)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new ApiError('invalid_json', 'The body is not JSON.', { cause })
  }
  return checked(schema, value)
}

/** @throws ApiError that names the field */
export function checked<T extends TObject>(schema: T, value: unknown): Static<T> {
  if (Check(schema, value)) return value
  const [error] = Errors(schema, value)
  const at = error?.instancePath.slice(1).replaceAll('/', '.')
  throw new ApiError(
    'invalid_value',
    at ? `"${at}" ${error?.message}.` : `The body ${error?.message ?? 'is not as it should be'}.`,
    { param: at || undefined },
  )
}
