/**
 * The chunks of one answer differ only in their few letters of content. Once one has been read and
 * mended in full, those that look the same around the content are known to need the same mending,
 * and are told apart by comparing two strings instead of by parsing.
 */
export interface ContentTemplate {
  /** The chunk before and after the content, as the upstream writes it. */
  readonly prefix: string
  readonly suffix: string
  /** The same as we write it. */
  readonly outPrefix: string
  readonly outSuffix: string
  readonly changes: boolean
}

/** Stands where the content was; no JSON writer would escape any of it. */
const SLOT = '@content-slot@'

/**
 * Learn from a chunk whose only delta is text.
 *
 * @param raw the chunk as it came
 * @param mended the same chunk, mended, or undefined when nothing had to change
 */
export function learnTemplate(raw: string, mended: unknown): ContentTemplate | undefined {
  const key = CONTENT_KEY.exec(raw)
  if (!key) return
  const start = key.index + key[0].length
  const literal = STRING_REST.exec(raw.slice(start))
  if (!literal) return
  const prefix = raw.slice(0, start)
  const suffix = raw.slice(start + literal[0].length - 1)
  if (contentOf(prefix + SLOT + suffix) !== SLOT) return
  if (mended === undefined)
    return { prefix, suffix, outPrefix: prefix, outSuffix: suffix, changes: false }
  const [outPrefix, outSuffix, ...more] = JSON.stringify(withSlot(mended as Chunk)).split(SLOT)
  if (outPrefix === undefined || outSuffix === undefined || more.length > 0) return
  return { prefix, suffix, outPrefix, outSuffix, changes: true }
}

/** The content of a chunk that fits the template, still as JSON writes it; else undefined. */
export function matchTemplate(template: ContentTemplate, raw: string): string | undefined {
  const { prefix, suffix } = template
  const end = raw.length - suffix.length
  if (end < prefix.length || !raw.startsWith(prefix) || !raw.endsWith(suffix)) return
  const content = raw.slice(prefix.length, end)
  return !SPECIAL.test(content) || STRING_BODY.test(content) ? content : undefined
}

interface Chunk {
  readonly choices: readonly [{ readonly delta: { readonly content: unknown } }]
}

function contentOf(json: string): unknown {
  try {
    return (JSON.parse(json) as Chunk).choices[0].delta.content
  } catch {
    return
  }
}

const withSlot = (chunk: Chunk) => {
  const [choice] = chunk.choices
  return { ...chunk, choices: [{ ...choice, delta: { ...choice.delta, content: SLOT } }] }
}

const CONTENT_KEY = /"content":\s*"/
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON forbids them within strings
const SPECIAL = /["\\\u0000-\u001f]/
const STRING_BODY =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: JSON forbids them within strings
  /^(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*$/
const STRING_REST = /^(?:[^"\\]|\\.)*"/s
