/** An object of a JSON text, before anyone knows what it is. */
export type Json = Readonly<Record<string, unknown>>

/** Whether a value of a JSON text is an object. */
export const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Whether a value of a JSON text is a text that says something. */
export const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''
