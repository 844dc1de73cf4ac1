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
  /** With `{id}` where something stands for something. */
  readonly path: string
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
      return body ? [{ method: method.toUpperCase(), path, body }] : []
    }),
  )
}

/** A value of a schema with a text wherever it takes one. */
export function exampleOf(schema: Schema, text: string): unknown {
  if (schema.const !== undefined) return schema.const
  if (schema.enum) return schema.enum[0]
  if (schema.anyOf) return exampleOf(schema.anyOf.find(({ type }) => type !== 'null') ?? {}, text)
  if (schema.type === 'integer' || schema.type === 'number') return schema.minimum ?? 1
  if (schema.type === 'boolean') return true
  if (schema.type === 'array') return [exampleOf(schema.items ?? {}, text)]
  if (schema.type !== 'object') return text
  return Object.fromEntries(
    Object.entries(schema.properties ?? {}).map(([name, one]) => [name, exampleOf(one, text)]),
  )
}
