import { ApiError, messageOf } from './errors'

/** Deeper than any real request; shallow enough that no recursive reader behind us can overflow. */
const MAX_DEPTH = 128

/** Where a member of the outermost object stands in its text: `"key": value` and the value alone. */
interface Span {
  readonly start: number
  readonly value: number
  readonly end: number
}

/**
 * A JSON object as it was sent: its text, what the text means, and where its outermost members are.
 *
 * Keeping the text lets us forward what the client wrote, digit for digit, and change only the
 * members that must change.
 */
export interface JsonObject<T = Readonly<Record<string, unknown>>> {
  readonly text: string
  readonly value: T
  readonly members: () => ReadonlyMap<string, Span>
}

/**
 * Read a JSON object strictly: no duplicate keys at any depth, since two readers may disagree about
 * which one counts (GHSA-4gph-2hhr-5mwg), and no nesting beyond 128 levels but in texts too short to
 * do harm by it.
 */
export function readObject(text: string): JsonObject {
  if (text.length > SHORT) return readScanned(text, scan(text))
  const value = parse(text)
  // What a JSON writer writes has no key twice: a text that is written the same needs no scan.
  return JSON.stringify(value) === text
    ? { text, value, members: () => scan(text) }
    : readScanned(text, scan(text))
}

/** Up to this many characters, writing a value again is cheaper than looking at its text. */
const SHORT = 2048

function readScanned(text: string, members: ReadonlyMap<string, Span>): JsonObject {
  return { text, value: parse(text), members: () => members }
}

function parse(text: string): Readonly<Record<string, unknown>> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new ApiError('invalid_json', `The body is not valid JSON: ${reason(cause)}.`, { cause })
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new ApiError('invalid_json', 'The body must be a JSON object.')
  return value as Record<string, unknown>
}

/** The text of an object with some members replaced by new JSON, or removed (`undefined`). */
export function editObject(
  { text, members }: JsonObject<unknown>,
  changes: Readonly<Record<string, string | undefined>>,
): string {
  const parts: string[] = []
  for (const [key, { start, end }] of members())
    if (!Object.hasOwn(changes, key)) parts.push(text.slice(start, end))
  for (const [key, json] of Object.entries(changes))
    if (json !== undefined) parts.push(`${JSON.stringify(key)}:${json}`)
  return `{${parts.join(',')}}`
}

/**
 * The same object with other values for some of its outermost members. Its text is only written when
 * somebody asks for it.
 */
export function replaceMembers<T extends object>(
  object: JsonObject<T>,
  members: Readonly<Partial<T>>,
): JsonObject<T> {
  let text: string | undefined
  const write = () => {
    const changes = Object.entries(members).map(([key, value]) => [key, JSON.stringify(value)])
    text ??= editObject(object, Object.fromEntries(changes))
    return text
  }
  return {
    get text() {
      return write()
    },
    value: { ...object.value, ...members },
    members: () => scan(write()),
  }
}

interface Frame {
  readonly keys: string[] | undefined
  seen?: Set<string>
}

const QUOTE = 34
const COMMA = 44
const COLON = 58
const OPEN_LIST = 91
const BACKSLASH = 92
const CLOSE_LIST = 93
const OPEN_OBJECT = 123
const CLOSE_OBJECT = 125

/**
 * One pass over the structure of a JSON text. It leaps over strings, so a body of megabytes costs
 * what its braces cost; whether the text is JSON at all is left to `JSON.parse`.
 */
function scan(text: string): Map<string, Span> {
  const members = new Map<string, Span>()
  const stack: Frame[] = []
  let frame: Frame | undefined
  let expectsKey = false
  let key: string | undefined
  let start = 0
  let value = 0
  const close = (end: number) => {
    if (key !== undefined) members.set(key, { start, value, end })
    key = undefined
  }
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case QUOTE: {
        const end = closingQuote(text, at)
        if (expectsKey && frame?.keys) {
          const name = readKey(text, at, end)
          remember(frame, name)
          if (stack.length === 1) {
            key = name
            start = at
          }
          expectsKey = false
        }
        at = end
        break
      }
      case COLON:
        if (stack.length === 1 && key !== undefined) value = at + 1
        break
      case COMMA:
        if (stack.length === 1) close(at)
        expectsKey = frame?.keys !== undefined
        break
      case OPEN_OBJECT:
      case OPEN_LIST: {
        const isObject = text.charCodeAt(at) === OPEN_OBJECT
        frame = { keys: isObject ? [] : undefined }
        if (stack.push(frame) > MAX_DEPTH)
          throw new ApiError('invalid_json', `The body is nested deeper than ${MAX_DEPTH} levels.`)
        expectsKey = isObject
        break
      }
      case CLOSE_OBJECT:
      case CLOSE_LIST:
        if (stack.length === 1) close(at)
        stack.pop()
        frame = stack.at(-1)
        expectsKey = false
        break
    }
  }
  return members
}

/** Below this many keys a list is searched faster than a set is made. */
const FEW_KEYS = 12

function remember(frame: Frame, name: string) {
  const keys = frame.keys ?? []
  if (keys.length >= FEW_KEYS) frame.seen ??= new Set(keys)
  if (frame.seen ? frame.seen.has(name) : keys.includes(name))
    throw new ApiError('duplicate_key', `The body has the key ${JSON.stringify(name)} twice.`, {
      param: name,
    })
  if (frame.seen) frame.seen.add(name)
  else keys.push(name)
}

function closingQuote(text: string, open: number): number {
  let end = open
  for (;;) {
    end = text.indexOf('"', end + 1)
    if (end < 0) return text.length
    let escapes = 0
    while (text.charCodeAt(end - 1 - escapes) === BACKSLASH) escapes++
    if (escapes % 2 === 0) return end
  }
}

/** `"\u006dodel"` is the key `model`, whatever it looks like. */
function readKey(text: string, open: number, end: number): string {
  const raw = text.slice(open + 1, end)
  if (!raw.includes('\\')) return raw
  try {
    return JSON.parse(`"${raw}"`) as string
  } catch {
    return raw
  }
}

const reason = (cause: unknown): string => messageOf(cause).replace(/^JSON Parse error: /, '')
