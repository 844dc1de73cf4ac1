type Schema = Readonly<Record<string, unknown>>

/** Deep enough for any schema a person writes; recursive schemas end here. */
const MAX_DEPTH = 12

/** A schema may ask for more than anyone would want to read. */
const MOST_VALUES = 5_000
const MOST_ITEMS = 100
const LONGEST_TEXT = 10_000

/** What stands for a text of a given format. */
const FORMATS: Readonly<Record<string, string>> = {
  date: '2026-01-31',
  time: '12:00:00Z',
  'date-time': '2026-01-31T12:00:00Z',
  email: 'someone@example.com',
  uri: 'https://example.com/',
  uuid: '123e4567-e89b-42d3-a456-426614174000',
  ipv4: '192.0.2.1',
  hostname: 'example.com',
}

/**
 * A value that fits a JSON Schema, made from the words and numbers of a question. Keywords that only
 * narrow (`pattern`, `not`, `if`) are not heeded.
 */
export function valueFor(root: Schema, words: readonly string[], question: string): unknown {
  const numbers = (question.match(/-?\d+(?:\.\d+)?/g) ?? []).map(Number)
  let nextWord = 0
  let nextNumber = 0
  let made = 0

  function text(schema: Schema): string {
    const format = FORMATS[String(schema.format)]
    if (format) return format
    const word = words[nextWord++ % Math.max(words.length, 1)] ?? 'demo'
    const least = Math.min(Number(schema.minLength ?? 0), LONGEST_TEXT)
    const most = Number(schema.maxLength ?? Number.POSITIVE_INFINITY)
    return word.padEnd(least, '.').slice(0, most)
  }

  function number(schema: Schema, whole: boolean): number {
    const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = schema
    const step = Number(multipleOf ?? (whole ? 1 : 0.5))
    const low = Number(
      minimum ??
        (exclusiveMinimum === undefined
          ? Number.NEGATIVE_INFINITY
          : Number(exclusiveMinimum) + step),
    )
    const high = Number(
      maximum ??
        (exclusiveMaximum === undefined
          ? Number.POSITIVE_INFINITY
          : Number(exclusiveMaximum) - step),
    )
    const found = numbers[nextNumber++] ?? 1
    const inside = Math.min(Math.max(found, low), high)
    if (multipleOf === undefined && !whole) return inside
    const rounded = Math.round(inside / step) * step
    return rounded < low ? rounded + step : rounded > high ? rounded - step : rounded
  }

  function make(wanted: unknown, depth: number): unknown {
    if (depth > MAX_DEPTH || made++ > MOST_VALUES) return null
    // `true` and `{}` allow anything.
    const schema = (typeof wanted === 'object' && wanted !== null ? wanted : {}) as Schema
    for (const given of ['const', 'default'] as const) if (given in schema) return schema[given]
    const { enum: values, examples } = schema
    if (Array.isArray(values)) return values[0]
    if (Array.isArray(examples)) return examples[0]
    if (typeof schema.$ref === 'string') return make(follow(root, schema.$ref), depth + 1)
    const [branch] = [schema.anyOf, schema.oneOf].find(Array.isArray) ?? []
    if (branch) return make(branch as Schema, depth + 1)
    if (Array.isArray(schema.allOf)) return make(merge(schema, schema.allOf), depth + 1)
    switch (typeOf(schema)) {
      case 'object':
        return object(schema, depth)
      case 'array': {
        const least = Math.min(Math.max(1, Number(schema.minItems ?? 1)), MOST_ITEMS)
        const items = (schema.items ?? {}) as Schema
        return Array.from({ length: least }, () => make(items, depth + 1))
      }
      case 'integer':
        return number(schema, true)
      case 'number':
        return number(schema, false)
      case 'boolean':
        return true
      case 'null':
        return null
      default:
        return text(schema)
    }
  }

  function object(schema: Schema, depth: number): Record<string, unknown> {
    const properties = (schema.properties ?? {}) as Readonly<Record<string, Schema>>
    const entries = Object.entries(properties).map(([key, value]) => [key, make(value, depth + 1)])
    const required = (Array.isArray(schema.required) ? schema.required : []) as string[]
    for (const key of required) if (!(key in properties)) entries.push([key, text({})])
    return Object.fromEntries(entries)
  }

  return make(root, 0)
}

function typeOf(schema: Schema): unknown {
  const { type } = schema
  if (Array.isArray(type)) return type.find((name) => name !== 'null')
  if (type === undefined && schema.properties) return 'object'
  return type
}

/** `#/$defs/name` and every other pointer into the same schema. */
function follow(root: Schema, reference: string): Schema {
  let at: unknown = root
  for (const part of reference.replace(/^#\/?/, '').split('/').filter(Boolean))
    at = (at as Record<string, unknown> | undefined)?.[
      part.replaceAll('~1', '/').replaceAll('~0', '~')
    ]
  return (at ?? {}) as Schema
}

function merge(schema: Schema, parts: readonly unknown[]): Schema {
  const { allOf: _, ...own } = schema
  const all = [
    own,
    ...parts.filter((part) => typeof part === 'object' && part !== null),
  ] as Schema[]
  return {
    ...Object.assign({}, ...all),
    properties: Object.assign({}, ...all.map(({ properties }) => properties ?? {})),
    required: all.flatMap(({ required }) => (Array.isArray(required) ? required : [])),
  }
}
