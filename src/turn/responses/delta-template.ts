import { parseObject } from '../../json-value'

/**
 * The text deltas of one part differ only in their number, in their few letters, and in the letters
 * with which OpenAI hides how many these are. Once one has been read in full, those that look the same
 * are told apart by comparing texts instead of by parsing (docs/decisions/0007).
 */
export interface DeltaTemplate {
  /** Up to the number. */
  readonly head: string
  /** From behind the number up to the letters. */
  readonly middle: string
  /** Behind the letters, without the brace that ends the event. */
  readonly tail: string
  /** The event, whatever its number and its letters are: made once, and given these each time. */
  readonly event: Record<string, unknown>
}

/** Stands where the letters were; no JSON writer would escape any of it. */
const SLOT = '@delta-slot@'
const NUMBER = '"sequence_number":'
const DELTA = '"delta":"'
const HIDDEN = ',"obfuscation":"'
const BACKSLASH = 92

/** Learn from a text delta; undefined where it is not written in the way that is known. */
export function learnDelta(data: string): DeltaTemplate | undefined {
  const number = data.indexOf(NUMBER) + NUMBER.length
  const digits = digitsEnd(data, number)
  const start = data.indexOf(DELTA, digits) + DELTA.length
  const end = data.indexOf('"', start)
  if (number < NUMBER.length || digits === number || start < DELTA.length || end < 0) return
  if (data.charCodeAt(end - 1) === BACKSLASH || !data.endsWith('}')) return
  const hidden = data.indexOf(HIDDEN, end)
  const head = data.slice(0, number)
  const middle = data.slice(digits, start)
  const tail = data.slice(end, hidden < 0 ? -1 : hidden)
  const event = parseObject(`${head}0${middle}${SLOT}${tail}}`)
  const isBare = event?.delta === SLOT && event.sequence_number === 0 && isEmpty(event.logprobs)
  return event && isBare ? { head, middle, tail, event } : undefined
}

/** The letters of a delta that fits; undefined for any other, and where some are escaped. */
export function matchDelta(
  { head, middle, tail }: DeltaTemplate,
  data: string,
): string | undefined {
  if (!data.startsWith(head)) return
  const digits = digitsEnd(data, head.length)
  if (digits === head.length || !data.startsWith(middle, digits)) return
  const start = digits + middle.length
  const end = data.indexOf('"', start)
  if (!data.startsWith(tail, end)) return
  const text = data.slice(start, end)
  if (SPECIAL.test(text)) return
  const rest = end + tail.length
  const isWhole = data.length === rest + 1 ? data.endsWith('}') : HIDING.test(data.slice(rest))
  return isWhole ? text : undefined
}

function digitsEnd(data: string, from: number): number {
  let at = from
  while (data.charCodeAt(at) >= 48 && data.charCodeAt(at) <= 57) at++
  return at
}

const isEmpty = (logprobs: unknown): boolean =>
  logprobs === undefined || logprobs === null || (Array.isArray(logprobs) && logprobs.length === 0)

// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON forbids them within strings
const SPECIAL = /[\\\u0000-\u001f]/
const HIDING = /^,"obfuscation":"[\w+/=-]*"}$/
