import Type, { type TSchema } from 'typebox'

/** OpenAI's SDKs send `null` for what a program left out, so every optional field takes it. */
export const optional = <T extends TSchema>(schema: T) =>
  Type.Optional(Type.Union([schema, Type.Null()]))

/** One of some words, or left out. */
export const choice = <const T extends readonly string[]>(values: T, description?: string) =>
  optional(Type.Enum<[...T]>([...values], description === undefined ? {} : { description }))
