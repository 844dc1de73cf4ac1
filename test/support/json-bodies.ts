/** As much of JSON Schema as the OpenAPI document of this gateway says. */
export interface Schema {
  readonly type?: string
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly minimum?: number
  readonly items?: Schema
  readonly anyOf?: readonly Schema[]
  readonly properties?: Readonly<Record<string, Schema>>
}

export interface Operation {
  readonly method: string
  readonly route: string
  readonly body: Schema
}

interface Described {
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> }
}

/** What of an OpenAPI document takes a JSON body. */
export function operationsWithBodies(document: string): Operation[] {
  const { paths } = JSON.parse(document) as {
    readonly paths: Readonly<Record<string, Readonly<Record<string, Described>>>>
  }
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, { requestBody }]) => {
      const body = requestBody?.content['application/json']?.schema
      const route = path.replaceAll(/\{([^}]+)\}/g, ':$1').replace(/\/$/, '')
      return body ? [{ method: method.toUpperCase(), route, body }] : []
    }),
  )
}

/** A value of a schema with a text wherever it takes one, by the name of the field. */
export function exampleOf(schema: Schema, textFor: (name: string) => string, name = ''): unknown {
  const within = (one: Schema | undefined, key = name) => exampleOf(one ?? {}, textFor, key)
  if (schema.const !== undefined) return schema.const
  if (schema.enum) return schema.enum[0]
  if (schema.anyOf) return within(schema.anyOf.find(({ type }) => type !== 'null'))
  if (schema.type === 'integer' || schema.type === 'number') return schema.minimum ?? 1
  if (schema.type === 'boolean') return true
  if (schema.type === 'array') return [within(schema.items)]
  if (schema.type !== 'object') return textFor(name)
  return Object.fromEntries(
    Object.entries(schema.properties ?? {}).map(([key, one]) => [key, within(one, key)]),
  )
}
