import type { Form } from '../../http/form'
import type { PictureField } from '../../media/inputs'
import { type Brought, checked, refused } from './pictures'

/** What a form asks for: its fields as JSON would have them, and its pictures. */
export interface ReadForm extends Brought {
  readonly fields: Readonly<Record<string, unknown>>
}

const NUMBERS: ReadonlySet<string> = new Set([
  'n',
  'output_compression',
  'partial_images',
  'concurrency',
])
const BOOLEANS: Readonly<Record<string, boolean>> = { true: true, false: false, 1: true, 0: false }
const IS_BOOLEAN: ReadonlySet<string> = new Set(['stream', 'deferred'])

/** Names of the fields that hold pictures: `image`, `image[]`, `image[0]`, … */
const IS_IMAGE = /^images?(?:\[\d*\])?$|^image_url$/
const IS_MASK = /^mask(?:\[0?\])?$/

/**
 * What a form says, as the SDKs send it: all of its fields are texts.
 *
 * @throws ApiError 400 that names the field
 */
export function readForm({ fields, files }: Form): ReadForm {
  const said: [string, unknown][] = []
  const images: PictureField['source'][] = []
  const masks: PictureField['source'][] = []
  for (const { field, bytes, filename } of files) {
    const source = { bytes, name: filename }
    if (IS_IMAGE.test(field)) images.push(source)
    else if (IS_MASK.test(field)) masks.push(source)
    else throw refused(`'${field.slice(0, 100)}' takes no file.`, field.slice(0, 100))
  }
  for (const [name, values] of fields) {
    // Some programs send an address, or base64, in place of a file.
    if (IS_IMAGE.test(name)) images.push(...values.filter(Boolean).map((url) => ({ url })))
    else if (IS_MASK.test(name)) masks.push(...values.filter(Boolean).map((url) => ({ url })))
    else said.push([name, values.length > 1 ? values : meant(name, values[0] ?? '')])
  }
  if (masks.length > 1) throw refused('There can only be one mask.', 'mask')
  const [mask] = masks
  const brought = checked({
    pictures: images.map((source, at) => ({
      source,
      param: images.length === 1 ? 'image' : `image[${at}]`,
    })),
    mask: mask && { source: mask, param: 'mask' },
  })
  return { ...brought, fields: Object.fromEntries(said) }
}

/** A text as the number or the yes or no that it stands for; what stands for none is left to the schema. */
function meant(name: string, text: string): unknown {
  if (NUMBERS.has(name)) return text === '' ? null : /^-?\d+(?:\.\d+)?$/.test(text) ? +text : text
  if (!IS_BOOLEAN.has(name)) return text
  return text === '' ? null : (BOOLEANS[text.toLowerCase()] ?? text)
}
