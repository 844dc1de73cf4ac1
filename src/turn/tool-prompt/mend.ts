/**
 * Make out the JSON object that a model meant. It forgives what models commonly do wrong: a code fence
 * around it, commas before a bracket, line breaks within texts, an outermost brace too few or too many.
 */
export function mendObject(text: string): string | undefined {
  const given = withoutFence(text.trim())
  if (isObject(given)) return given
  const mended = rewrite(given)
  return mended !== undefined && isObject(mended) ? mended : undefined
}

const withoutFence = (text: string): string =>
  text.startsWith('```')
    ? text
        .replace(/^```\w*/, '')
        .replace(/```$/, '')
        .trim()
    : text

/** The object as JSON wants it; undefined when more than brackets stands behind it. */
function rewrite(text: string): string | undefined {
  const parts: string[] = []
  let depth = 0
  let inString = false
  let from = 0
  const put = (end: number, instead: string) => {
    parts.push(text.slice(from, end), instead)
    from = end + 1
  }
  for (let at = 0; at < text.length; at++) {
    const char = text.charAt(at)
    if (inString) {
      if (char === '\\') at++
      if (char === '"') inString = false
      if (char < ' ') put(at, JSON.stringify(char).slice(1, -1))
      continue
    }
    if (char === '"') inString = true
    if (char === ',' && /^\s*[}\]]/.test(text.slice(at + 1, at + 100))) put(at, '')
    if (char === '{' || char === '[') depth++
    if (char !== '}' && char !== ']') continue
    depth--
    if (depth > 0) continue
    const isAll = /^[\s}\]]*$/.test(text.slice(at + 1))
    return isAll ? parts.join('') + text.slice(from, at + 1) : undefined
  }
  const missing = depth === 1 && !inString ? '}' : ''
  return parts.join('') + text.slice(from) + missing
}

/** Whether a text is a JSON object and nothing else. */
export function isObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
  } catch {
    return false
  }
}
