/** A text that is JSON, and where in what was said it begins. */
export interface FoundJson {
  readonly json: string
  readonly value: unknown
  readonly start: number
}

/** Whoever says more than so many values has not answered with one. */
const MOST = 32

/**
 * The JSON values in what a model says: all of it if it is JSON, else what stands in its code fences, else
 * every object and array between other words. Nothing is taken out of the inside of another value, whole
 * or not: half an answer would look like one.
 */
export function findJson(text: string): readonly FoundJson[] {
  const whole = read(text.trim(), beginOf(text, 0))
  if (whole) return [whole]
  const fenced = readFences(text)
  return fenced.length > 0 ? fenced : readBrackets(text)
}

function readFences(text: string): readonly FoundJson[] {
  const found: FoundJson[] = []
  let open: number | undefined
  for (let at = 0; at < text.length && found.length < MOST; ) {
    const end = text.indexOf('\n', at) + 1 || text.length
    const line = text.slice(at, end)
    if (open === undefined) {
      if (line.includes('```')) open = end
    } else if (line.trimStart().startsWith('```')) {
      const json = read(text.slice(open, at).trim(), beginOf(text, open))
      if (json) found.push(json)
      open = undefined
    }
    at = end
  }
  return found
}

/** Where the next sign that is no blank stands. */
function beginOf(text: string, from: number): number {
  let at = from
  while (at < text.length && text[at]?.trim() === '') at++
  return at
}

function readBrackets(text: string): readonly FoundJson[] {
  const found: FoundJson[] = []
  for (let start = next(text, 0); start >= 0 && found.length < MOST; ) {
    const end = endOf(text, start)
    if (end === undefined) break
    const json = read(text.slice(start, end), start)
    if (json) found.push(json)
    start = next(text, end)
  }
  return found
}

function next(text: string, from: number): number {
  for (let at = from; at < text.length; at++) if (text[at] === '{' || text[at] === '[') return at
  return -1
}

/** Where what begins here with a bracket ends; undefined if it does not. */
function endOf(text: string, start: number): number | undefined {
  let depth = 0
  let isQuoted = false
  for (let at = start; at < text.length; at++) {
    const char = text[at]
    if (isQuoted) {
      if (char === '\\') at++
      else if (char === '"') isQuoted = false
    } else if (char === '"') isQuoted = true
    else if (char === '{' || char === '[') depth++
    else if (char === '}' || char === ']') depth--
    if (depth === 0) return at + 1
  }
  return
}

function read(json: string, start: number): FoundJson | undefined {
  try {
    return { json, value: JSON.parse(json), start }
  } catch {
    return
  }
}
