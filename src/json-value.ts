/** An object of a JSON text, before anyone knows what it is. */
export type Json = Readonly<Record<string, unknown>>

/** The same where it is to be mended in place. */
export type MutableJson = Record<string, unknown>

/** Whether a value of a JSON text is an object: whoever sends it may send any value anywhere. */
export const isObject = (value: unknown): value is MutableJson =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Whether a value of a JSON text is a text that says something. */
export const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''

/** A JSON text as an object; undefined if it is none. */
export function parseObject(text: string): MutableJson | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : undefined
  } catch {
    return
  }
}
