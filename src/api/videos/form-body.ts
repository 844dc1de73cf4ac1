import type { Form } from '../../http/form'
import { isObject, type Json, parseObject } from '../../json-value'
import type { SentFile } from './sources'

type Value = string | Json | SentFile

/** Fields that are objects, which whoever writes a form by hand sends as JSON. */
const OBJECTS: ReadonlySet<string> = new Set(['video_config', 'input_reference', 'image', 'video'])

const NAME = /^([^[\]]+)((?:\[[^[\]]*\])*)$/

/**
 * A form as the JSON that would say the same: `image[]` and `image[0]` are lists, and a name such as
 * `input_reference[image_url]` is an object's, as the SDKs write it. Files stand where they were sent.
 */
export function bodyOfForm({ fields, files }: Pick<Form, 'fields' | 'files'>): Json {
  const body: Record<string, unknown> = Object.create(null)
  const add = (name: string, value: Value) => {
    const [, first = name, rest = ''] = NAME.exec(name) ?? []
    const [inner] = [...rest.matchAll(/\[([^[\]]*)\]/g)].map(([, key = '']) => key)
    body[first] =
      inner === undefined ? joined(body[first], value) : placed(body[first], inner, value)
  }
  for (const [name, values] of fields)
    for (const value of values) add(name, (OBJECTS.has(name) && parseObject(value)) || value)
  for (const { field, filename, bytes } of files) add(field, { bytes, name: filename })
  return body
}

/** A field that comes more than once is a list. */
function joined(known: unknown, value: Value): unknown {
  if (known === undefined) return value
  return Array.isArray(known) ? [...known, value] : [known, value]
}

function placed(known: unknown, key: string, value: Value): unknown {
  if (/^\d*$/.test(key)) return Array.isArray(known) ? [...known, value] : [value]
  return { ...(isObject(known) && known), [key]: value }
}
