import { join } from 'node:path'
import {
  type Definitions,
  faultsAgainst,
  isSchema,
  OFFICIAL,
  type Schema,
  schemasOf,
} from './official'

/** What the fixture holds, with everything that these refer to. */
const ROOTS = [
  'CreateResponse',
  'Response',
  'ResponseStreamEvent',
  'ResponseItemList',
  'CompactResource',
  'TokenCountsResource',
  'ConversationResource',
  'ConversationItem',
  'ConversationItemList',
  'DeletedConversationResource',
  'ErrorResponse',
] as const

export const RESPONSES_FIXTURE = join(import.meta.dir, '../fixtures/openai-responses.schema.json')

/** The schemas of OpenAI's Responses API and Conversations as plain JSON Schema, without prose. */
export const responseSchemas = (document: Parameters<typeof schemasOf>[0]): Definitions =>
  schemasOf(document, ROOTS)

const official: Definitions = await Bun.file(RESPONSES_FIXTURE)
  .json()
  .catch(() => ({}))

/**
 * OpenAI's own examples send `null` for these two, which its schema does not allow
 * (openai/openai-openapi, `Response.usage` and `user`).
 */
const NULLABLE: readonly (readonly [definition: string, property: string])[] = [
  ['Response', 'usage'],
  ['ModelResponseProperties', 'user'],
]

/** The schemas as answers are held to. Alternatives overlap, so that `oneOf` would mean none. */
export const responseDefinitions: Definitions = Object.fromEntries(
  Object.entries(official).map(([name, schema]) => {
    const nullable = NULLABLE.filter(([of]) => of === name).map(([, property]) => property)
    return [name, relaxed(schema, nullable) as Schema]
  }),
)

function relaxed(value: unknown, nullable: readonly string[]): unknown {
  if (Array.isArray(value)) return value.map((item) => relaxed(item, nullable))
  if (!isSchema(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => {
      if (key === 'properties' && isSchema(inner)) return [key, properties(inner, nullable)]
      return [key === 'oneOf' ? 'anyOf' : key, relaxed(inner, nullable)]
    }),
  )
}

function properties(all: Schema, nullable: readonly string[]) {
  return Object.fromEntries(
    Object.entries(all).map(([name, schema]) => {
      const own = relaxed(schema, [])
      return [name, nullable.includes(name) ? { anyOf: [own, { type: 'null' }] } : own]
    }),
  )
}

/** What OpenAI's schema of that name has against a value; nothing for one that is right. */
export const officialFaults = faultsAgainst<string>(responseDefinitions)

/** What OpenAI's schema has against a Response. */
export const officialResponseFaults = (value: unknown): string[] =>
  officialFaults('Response', value)

/** Events by their `type`, so that a fault is told of the one schema that is meant. */
const EVENTS: ReadonlyMap<string, string> = new Map(
  Object.entries(official).flatMap(([name, schema]) => {
    const all = isSchema(schema.properties) ? schema.properties : {}
    const type = isSchema(all.type) && Array.isArray(all.type.enum) ? all.type.enum[0] : undefined
    return typeof type === 'string' && 'sequence_number' in all ? [[type, name] as const] : []
  }),
)

/** What OpenAI's schema has against an event of a Responses stream. */
export function officialEventFaults(event: unknown): string[] {
  const type = isSchema(event) ? event.type : undefined
  const name = EVENTS.get(String(type))
  return name ? officialFaults(name, event) : [`There is no event ${String(type)}.`]
}

/** `bun test/support/official-responses.ts` writes the fixture anew. */
if (import.meta.main) {
  const document = await Bun.file(OFFICIAL).json()
  await Bun.write(RESPONSES_FIXTURE, `${JSON.stringify(responseSchemas(document), null, 2)}\n`)
}
