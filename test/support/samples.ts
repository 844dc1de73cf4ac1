import { type Definitions, isSchema, type Schema } from './official'

const MAX_DEPTH = 24

/**
 * Values that a JSON Schema accepts: every property alone, every branch of a union, every value of an
 * enumeration, both ends of a range. Their number grows with the schema's length, not with its
 * combinations.
 */
export function samplesOf(schema: Schema, definitions: Definitions, depth = 0): unknown[] {
  if (depth > MAX_DEPTH) return []
  const again = (other: unknown) => samplesOf(isSchema(other) ? other : {}, definitions, depth + 1)
  const { enum: values, example, examples, anyOf, oneOf, allOf, $ref } = schema
  const given = [
    ...('example' in schema ? [example] : []),
    ...(Array.isArray(examples) ? examples : []),
  ]
  if (typeof $ref === 'string')
    return [...given, ...again(definitions[$ref.replace('#/$defs/', '')])]
  if (Array.isArray(values)) return values
  if ('const' in schema) return [schema.const]
  const branches = [anyOf, oneOf].find(Array.isArray)
  if (branches) return [...branches.flatMap(again), ...given]
  if (Array.isArray(allOf)) return again(joined(schema, definitions))
  const types = [schema.type ?? (schema.properties ? 'object' : 'anything')].flat()
  return [...types.flatMap((type) => ofType(type, schema, again)), ...given]
}

function ofType(type: unknown, schema: Schema, again: (other: unknown) => unknown[]): unknown[] {
  switch (type) {
    case 'object':
      return objects(schema, again)
    case 'array':
      return arrays(schema, again)
    case 'string':
      return strings(schema)
    case 'integer':
      return numbers(schema, [0, 1])
    case 'number':
      return numbers(schema, [0, 0.5, 1])
    case 'boolean':
      return [true, false]
    case 'null':
      return [null]
    default:
      return ['anything', { of: ['any', 1] }]
  }
}

/** The required members, then each other one on top of them, then all at once. */
function objects(schema: Schema, again: (other: unknown) => unknown[]): object[] {
  const properties = isSchema(schema.properties) ? schema.properties : {}
  const required = new Set(Array.isArray(schema.required) ? schema.required : [])
  const every = Object.entries(properties).map(([name, of]) => [name, again(of)] as const)
  const first = (entries: typeof every) =>
    Object.fromEntries(entries.map(([name, values]) => [name, values[0]]))
  const least = first(every.filter(([name]) => required.has(name)))
  const { additionalProperties: other } = schema
  const others = isSchema(other) ? again(other) : other === true ? [1] : []
  return [
    least,
    ...every.flatMap(([name, values]) => values.map((value) => ({ ...least, [name]: value }))),
    ...others.map((value) => ({ ...least, another: value })),
    first(every),
  ]
}

/** Each item alone, as many as may be, and as few. */
function arrays(schema: Schema, again: (other: unknown) => unknown[]): unknown[][] {
  const least = Number(schema.minItems ?? 0)
  const most = Number(schema.maxItems ?? Number.POSITIVE_INFINITY)
  const items = again(schema.items)
  const filled = (item: unknown) => Array.from({ length: Math.max(1, least) }, () => item)
  return [
    ...items.map(filled),
    ...(least === 0 ? [[]] : []),
    ...(items.length >= least ? [items.slice(0, most)] : []),
  ]
}

function strings({ format, maxLength }: Schema): string[] {
  if (format === 'uri') return ['https://example.com/a.png']
  const texts = ['some text', '', '灯塔 🗼']
  return typeof maxLength === 'number' ? [...texts, 'x'.repeat(maxLength)] : texts
}

function numbers({ minimum, maximum }: Schema, usual: readonly number[]): unknown[] {
  const low = Number(minimum ?? Number.NEGATIVE_INFINITY)
  const high = Number(maximum ?? Number.POSITIVE_INFINITY)
  const ends = [low, high].filter(Number.isFinite)
  return [...new Set([...usual.filter((value) => value >= low && value <= high), ...ends])]
}

/** `allOf` as one object. */
function joined(schema: Schema, definitions: Definitions): Schema {
  const { allOf, ...own } = schema
  const parts = [own, ...(Array.isArray(allOf) ? allOf : [])].filter(isSchema).map((part) => {
    const target =
      typeof part.$ref === 'string' ? definitions[part.$ref.replace('#/$defs/', '')] : part
    return target && Array.isArray(target.allOf) ? joined(target, definitions) : (target ?? {})
  })
  return {
    ...Object.assign({}, ...parts),
    type: 'object',
    properties: Object.assign({}, ...parts.map(({ properties }) => properties)),
    required: parts.flatMap(({ required }) => (Array.isArray(required) ? required : [])),
  }
}
