/** An object of which nothing is known: what imitates OpenAI may send any value anywhere. */
export type Json = Record<string, unknown>

/** A text that says something. */
export const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''

/** An object with members. */
export const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A JSON text as an object; undefined if it is none. */
export function parseObject(text: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : undefined
  } catch {
    return
  }
}
