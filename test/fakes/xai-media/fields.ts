import {
  type Check,
  faultsOf,
  isObject,
  type Json,
  number,
  oneOf,
  type Shape,
  text,
} from '../grok-web/checks'
import type { Call, SentPicture } from '../media/calls'
import { typeOf } from '../media/pictures'
import { missing, refuse, unprocessable } from './refusals'

/** The same, or null. */
export const maybe =
  (check: Check): Check =>
  (value) =>
    value === null ? undefined : check(value)

const STORAGE: Shape = {
  known: { filename: text, expires_after: maybe(number), public_url: () => undefined },
  required: ['filename'],
}

/** What all that makes media takes. */
export const COMMON = {
  ...{
    model: maybe(text),
    user: maybe(text),
    output: maybe((value) => (isObject(value) ? undefined : 'must be an object')),
  },
  storage_options: maybe((value) => faultsOf(value, STORAGE).join('; ') || undefined),
} satisfies Record<string, Check>

/** The refusal of a body with unknown fields or wrong ones. */
export function misshapen(body: unknown, shape: Shape): Response | undefined {
  const faults = faultsOf(body, shape)
  return faults.length > 0 ? unprocessable(faults.join('; ')) : undefined
}

export { number, oneOf, text }

/** What the Files API says of an id: the bytes, or undefined when the key does not have it. */
export type FindFile = (account: string, id: string) => Uint8Array<ArrayBuffer> | undefined

const DATA_URL = /^data:([^;,]*);base64,([A-Za-z\d+/]*={0,2})$/
const TAKEN = ['jpeg', 'png', 'webp']

/** Bytes that are to be a picture. */
function faultOfBytes(bytes: Uint8Array, name: string): Response | undefined {
  const type = typeOf(bytes)
  if (type && TAKEN.includes(type)) return undefined
  return refuse(400, `${name}: the picture must be JPEG, PNG or WebP.`)
}

/** Note the picture of a reference; a refusal when it is none. */
export function takePicture(
  call: Call,
  field: string,
  reference: unknown,
  find: FindFile,
): Response | undefined {
  if (!isObject(reference)) return unprocessable(`${field}: expected an object`)
  const known = { url: maybe(text), image_url: maybe(text), file_id: maybe(text), type: text }
  const wrong = misshapen(reference, { known, required: [] })
  if (wrong) return wrong
  const { file_id: fileId } = reference
  const url = reference.url ?? reference.image_url
  if ((typeof url === 'string') === (typeof fileId === 'string'))
    return refuse(400, `${field}: give either url or file_id.`)
  const note = (picture: Omit<SentPicture, 'field'>) =>
    void call.pictures.push({ field, ...picture })
  if (typeof fileId === 'string') {
    const bytes = find(String(call.account), fileId)
    if (!bytes) return missing(`The file ${fileId}`)
    note({ fileId, bytes })
    return faultOfBytes(bytes, field)
  }
  const address = String(url)
  if (!address.startsWith('data:')) {
    note({ url: address })
    const isPublic = URL.canParse(address) && /^https?:$/.test(new URL(address).protocol)
    return isPublic ? undefined : refuse(400, `${field}: ${address.slice(0, 80)} is no URL.`)
  }
  const [, type, base64] = DATA_URL.exec(address) ?? []
  if (type === undefined || !base64) return refuse(400, `${field}: the data URL is not valid.`)
  const bytes = new Uint8Array(Buffer.from(base64, 'base64'))
  note({ bytes })
  const form = typeOf(bytes)
  const said = type.replace('image/jpg', 'image/jpeg')
  return said === `image/${form}`
    ? faultOfBytes(bytes, field)
    : refuse(400, `${field}: says ${type} and is ${form ?? 'no picture'}.`)
}

/** The same for a list. */
export function takePictures(
  call: Call,
  field: string,
  list: unknown,
  find: FindFile,
): Response | undefined {
  if (list === undefined || list === null) return undefined
  if (!Array.isArray(list)) return unprocessable(`${field}: expected a sequence`)
  for (const reference of list) {
    const wrong = takePicture(call, field, reference, find)
    if (wrong) return wrong
  }
  return undefined
}

export type { Json }
