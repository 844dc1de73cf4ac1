import type { TSchema } from 'typebox'
import type { Complaint } from './complaint'

/** The part of https://standardschema.dev that Elysia reads. */
interface Standard<Input, Output> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => Result<Output>
    readonly types?: { readonly input: Input; readonly output: Output }
  }
}

type Result<Output> = { readonly value: Output } | { readonly issues: readonly Complaint[] }

/**
 * Give a TypeBox schema the face that Elysia can validate with.
 *
 * Elysia 1.4 knows only TypeBox 0.34. The second face is not enumerable, so that the schema still
 * prints as plain JSON Schema in the OpenAPI document.
 */
export function face<T extends TSchema, Output>(
  schema: T,
  validate: (value: unknown) => Result<Output>,
): T & Standard<unknown, Output> {
  const value = {
    version: 1,
    vendor: 'typebox',
    validate,
    jsonSchema: { input: () => schema, output: () => schema },
  }
  return Object.defineProperty({ ...schema }, '~standard', { value }) as T & Standard<unknown, Output>
}

/** A schema that only documents: what we answer is made by our own code and checked by tests. */
export const documented = <T extends TSchema>(schema: T) =>
  face<T, unknown>(schema, (value) => ({ value }))
