/** A text as JSON; most need no escapes, and looking for them is cheaper than writing them. */
export const quote = (text: string): string =>
  ESCAPED.test(text) ? JSON.stringify(text) : `"${text}"`

// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON escapes them
const ESCAPED = /["\\\u0000-\u001f\ud800-\udfff]/

/** What stands between the quotes of a JSON text. */
export const unquote = (content: string): string =>
  content.includes('\\') ? (JSON.parse(`"${content}"`) as string) : content

/** In one piece: the engine would put a text that was added together, together again each time. */
export const flat = (...parts: readonly string[]): string => parts.join('')
