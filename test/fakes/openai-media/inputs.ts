import { isObject, type Json } from '../grok-web/checks'
import { type Call, isForm, type SentFile } from '../media/calls'
import { typeOf } from '../media/pictures'
import { type Family, isGpt } from './image-rules'
import { failed, invalid, lacking } from './refusals'

/** The bytes of a file of an account, undefined when it has none of that id. */
export type FindFile = (account: string, id: string) => Uint8Array<ArrayBuffer> | undefined

const TAKEN = ['jpeg', 'png', 'webp']
const TYPES = TAKEN.map((type) => `image/${type}`)
const MB = 1024 * 1024

const INTEGERS = ['n', 'output_compression', 'partial_images']

/** The fields of a multipart body, which all come as text, as what they stand for. */
export function coerced(call: Call): Json {
  if (!isForm(call)) {
    const given = Object.entries(call.body).filter(([, value]) => value !== null)
    return Object.fromEntries(given)
  }
  return Object.fromEntries(
    Object.entries(call.body).map(([field, value]) => {
      if (INTEGERS.includes(field) && /^\d+$/.test(String(value))) return [field, Number(value)]
      if (field === 'stream' && /^(true|false)$/i.test(String(value)))
        return [field, /true/i.test(String(value))]
      return [field, value]
    }),
  )
}

/** The width and height of a PNG. */
const dotsOf = (bytes: Uint8Array): string => Buffer.from(bytes.subarray(16, 24)).toString('hex')

const unsupported = (param: string, type: string): Response =>
  invalid(
    param,
    `Invalid file '${param}': unsupported mimetype ('${type}'). Supported file formats are 'image/jpeg', 'image/png', and 'image/webp'.`,
    'unsupported_file_mimetype',
  )

function faultOfBytes(param: string, bytes: Uint8Array): Response | undefined {
  const type = typeOf(bytes)
  if (!type || !TAKEN.includes(type))
    return invalid(
      param,
      'Invalid image file or mode, please check your image file.',
      'invalid_image_file',
    )
  return bytes.length < 50 * MB
    ? undefined
    : invalid(param, 'A picture may have 50 MB.', 'image_too_large')
}

function faultOfFile({ field, type, bytes }: SentFile): Response | undefined {
  return TYPES.includes(type) ? faultOfBytes(field, bytes) : unsupported(field, type)
}

function faultOfMask(call: Call): Response | undefined {
  const [image] = call.pictures
  const mask = call.pictures.find(({ field }) => field === 'mask')
  if (!mask?.bytes) return undefined
  if (typeOf(mask.bytes) !== 'png' || mask.bytes.length >= 4 * MB)
    return invalid('mask', 'The mask must be a PNG below 4 MB.', 'invalid_image_file')
  const isPng = image?.bytes && typeOf(image.bytes) === 'png'
  if (isPng && dotsOf(image.bytes) !== dotsOf(mask.bytes))
    return invalid('mask', 'Invalid mask image, must have the same size as the image.')
  return undefined
}

function takeForm(call: Call, family: Family): Response | undefined {
  const images = call.files.filter(({ field }) => field === 'image' || field === 'image[]')
  const masks = call.files.filter(({ field }) => field === 'mask')
  const odd = call.files.find((file) => !images.includes(file) && !masks.includes(file))
  if (odd) return invalid(odd.field, `Unknown parameter: '${odd.field}'.`, 'unknown_parameter')
  if (images.length === 0) return lacking('image')
  if (images.length > 1 && images.some(({ field }) => field === 'image'))
    return invalid('image', "Duplicate parameter: 'image'.", 'duplicate_parameter')
  const most = family === 'dall-e-2' ? 1 : 16
  if (images.length > most)
    return invalid('image', `At most ${most} pictures.`, 'array_above_max_length')
  if (masks.length > 1)
    return invalid('mask', "Duplicate parameter: 'mask'.", 'duplicate_parameter')
  for (const file of [...images, ...masks]) {
    const { bytes, field } = file
    call.pictures.push({ field: field === 'mask' ? 'mask' : 'image', bytes })
    const wrong = faultOfFile(file)
    if (wrong) return wrong
    if (family === 'dall-e-2' && (typeOf(bytes) !== 'png' || bytes.length >= 4 * MB))
      return invalid(field, 'The picture must be a PNG below 4 MB.', 'invalid_image_file')
  }
  return undefined
}

function takeReference(
  call: Call,
  field: string,
  given: unknown,
  find: FindFile,
): Response | undefined {
  if (!isObject(given)) return invalid(field, 'Expected an object.', 'invalid_type')
  const { image_url: url, file_id: fileId } = given
  if ((typeof url === 'string') === (typeof fileId === 'string'))
    return invalid(field, 'Provide exactly one of image_url or file_id.')
  if (typeof fileId === 'string') {
    const bytes = find(String(call.account), fileId)
    if (!bytes) return failed(404, `No such File object: ${fileId}`, { param: field })
    call.pictures.push({ field, fileId, bytes })
    return faultOfBytes(field, bytes)
  }
  const [, type, base64] = /^data:([^;,]*);base64,([A-Za-z\d+/]+={0,2})$/.exec(String(url)) ?? []
  if (type === undefined || base64 === undefined) {
    call.pictures.push({ field, url: String(url) })
    return /^https?:\/\//.test(String(url)) ? undefined : invalid(field, 'Invalid image_url.')
  }
  const bytes = new Uint8Array(Buffer.from(base64, 'base64'))
  call.pictures.push({ field, bytes })
  return TYPES.includes(type) ? faultOfBytes(field, bytes) : unsupported(field, type)
}

function takeJson(call: Call, family: Family, find: FindFile): Response | undefined {
  if (!isGpt(family)) return invalid('model', 'Only GPT image models edit what is sent as JSON.')
  const { images, mask } = call.body
  if (!Array.isArray(images) || images.length === 0) return lacking('images')
  if (images.length > 16) return invalid('images', 'At most 16 pictures.', 'array_above_max_length')
  for (const reference of images) {
    const wrong = takeReference(call, 'images', reference, find)
    if (wrong) return wrong
  }
  return isObject(mask) ? takeReference(call, 'mask', mask, find) : undefined
}

/** Note the pictures of an edit; a refusal when they are not right. */
export const takeInputs = (call: Call, family: Family, find: FindFile): Response | undefined =>
  (isForm(call) ? takeForm(call, family) : takeJson(call, family, find)) ?? faultOfMask(call)
