import { join } from 'node:path'
import { Compile } from 'typebox/schema'

/** What the fixture holds, with everything that these refer to. */
const ROOTS = [
  'CreateChatCompletionRequest',
  'CreateChatCompletionResponse',
  'CreateChatCompletionStreamResponse',
  'ChatCompletionList',
  'ChatCompletionMessageList',
  'ChatCompletionDeleted',
  'ListModelsResponse',
  'Model',
  'ErrorResponse',
] as const

/** OpenAI's own document, where it is at hand; the fixture is for everywhere else. */
export const OFFICIAL = join(import.meta.dir, '../../../shared/spec/openai-openapi.slice.json')
export const FIXTURE = join(import.meta.dir, '../fixtures/openai-chat.schema.json')

export type Schema = Readonly<Record<string, unknown>>
export type Definitions = Readonly<Record<string, Schema>>

/** Says nothing about which values are right. */
const IDLE = new Set(['description', 'title', 'deprecated', 'default', 'discriminator', 'nullable'])
/** Holds schemas by names of its own. */
const NAMED = new Set(['properties', '$defs', 'patternProperties'])

export interface OfficialDocument {
  readonly components: { readonly schemas: Definitions }
}

/** The schemas of OpenAI's chat as plain JSON Schema, without prose. */
export const chatSchemas = (document: OfficialDocument): Definitions => schemasOf(document, ROOTS)

/** Some schemas of OpenAI's document, and what they refer to, as plain JSON Schema. */
export function schemasOf(document: OfficialDocument, roots: readonly string[]): Definitions {
  const found = new Map<string, Schema>()
  const include = (name: string) => {
    if (found.has(name)) return
    found.set(name, {})
    found.set(name, plain(document.components.schemas[name] ?? {}, include))
  }
  for (const root of roots) include(root)
  return Object.fromEntries([...found].sort(([a], [b]) => (a < b ? -1 : 1)))
}

function plain(schema: Schema, include: (name: string) => void): Schema {
  const entries = Object.entries(schema)
    .filter(([key]) => !IDLE.has(key) && !key.startsWith('x-'))
    .map(([key, value]) => [key, inner(key, value, include)])
  const own: Schema = Object.fromEntries(entries)
  if (schema.nullable !== true) return own
  const takesNull = Array.isArray(own.enum) ? { ...own, enum: [...own.enum, null] } : own
  if (typeof own.type === 'string') return { ...takesNull, type: [own.type, 'null'] }
  return { anyOf: [own, { type: 'null' }] }
}

function inner(key: string, value: unknown, include: (name: string) => void): unknown {
  if (key === '$ref') {
    const name = String(value).split('/').at(-1) ?? ''
    include(name)
    return `#/$defs/${name}`
  }
  if (key === 'example' || key === 'enum' || key === 'const') return value
  if (Array.isArray(value))
    return value.map((item) => (isSchema(item) ? plain(item, include) : item))
  if (!isSchema(value)) return value
  if (!NAMED.has(key)) return plain(value, include)
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [
      name,
      isSchema(item) ? plain(item, include) : item,
    ]),
  )
}

export const isSchema = (value: unknown): value is Schema =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Tells what a schema of some name has against a value; nothing for one that is right. */
export function faultsAgainst<Name extends string>(definitions: Definitions) {
  const validators = new Map<Name, ReturnType<typeof Compile>>()
  const validatorOf = (name: Name) => {
    const known = validators.get(name)
    if (known) return known
    const made = Compile({ $defs: definitions, $ref: `#/$defs/${name}` })
    validators.set(name, made)
    return made
  }
  return (name: Name, value: unknown): string[] => {
    const validator = validatorOf(name)
    if (validator.Check(value)) return []
    const [, errors] = validator.Errors(value)
    return errors.map(({ instancePath, message }) => `${name}${instancePath} ${message}`)
  }
}

/** `bun test/support/official.ts` writes the fixture anew. */
if (import.meta.main) {
  const document = await Bun.file(OFFICIAL).json()
  await Bun.write(FIXTURE, `${JSON.stringify(chatSchemas(document), null, 2)}\n`)
}
