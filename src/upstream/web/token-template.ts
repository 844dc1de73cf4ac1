import type { Json } from '../../json-value'
import { type Mood, RESULT_TAG, readFrame, readMood } from './frames'

/** Tells lines that are a token and nothing else from others, without parsing them. */
export interface TokenTemplate {
  /** Learn how such lines look from one that was read in full, if it is one. */
  learn(line: string, value: unknown): void
  /** Read the line that begins here. Gives the place behind it, or -1 where it is of another kind. */
  match(text: string, at: number): number
  /** Whether a text may go on as such a line. */
  mayMatch(text: string): boolean
  /** The token that was read last. */
  token(): string
  mood(): Mood
}

const TOKEN = '"token":"'
const BACKSLASH = 92
const NO_MOOD: Mood = { isThinking: false, tag: '', step: undefined, agent: undefined }

/** Members that say nothing but whose token it is. */
const PLAIN: ReadonlySet<string> = new Set([
  'token',
  'isThinking',
  'isSoftStop',
  'messageTag',
  'messageStepId',
  'rolloutId',
  'responseId',
])

/**
 * The lines of one answer differ only in their few letters of text. Once one has been read in full,
 * those that look the same around the token are told apart by comparing texts.
 */
export function createTokenTemplate(): TokenTemplate {
  let prefix = ''
  /** From the quote behind the letters to the end of the line. */
  let suffix = ''
  let bare = ''
  let mood = NO_MOOD
  let token = ''

  /** The place behind the line whose letters end here; the last line of a text may lack its line end. */
  function endOfLine(text: string, at: number): number {
    if (text.startsWith(suffix, at)) return at + suffix.length
    const isLast = text.length < at + suffix.length && text.length - at >= bare.length
    return isLast && text.startsWith(bare, at) ? text.length : -1
  }

  return {
    learn(line, value) {
      const frame = tokenFrame(value)
      if (!frame) return
      const start = line.indexOf(TOKEN) + TOKEN.length
      if (start < TOKEN.length) return
      const end = endOfLetters(line, start)
      if (end < 0 || !line.endsWith('\n') || line.includes(TOKEN, end)) return
      prefix = line.slice(0, start)
      suffix = line.slice(end)
      bare = suffix.trimEnd()
      mood = readMood(frame)
    },

    match(text, at) {
      if (suffix === '' || !text.startsWith(prefix, at)) return -1
      const start = at + prefix.length
      const end = endOfLetters(text, start)
      if (end < 0) return -1
      const last = endOfLine(text, end)
      if (last < 0) return -1
      token = text.slice(start, end)
      if (SPECIAL.test(token)) {
        if (!STRING_BODY.test(token)) return -1
        token = JSON.parse(`"${token}"`) as string
      }
      return last
    },

    mayMatch: (text) =>
      suffix !== '' &&
      (text.length < prefix.length ? prefix.startsWith(text) : text.startsWith(prefix)),

    token: () => token,
    mood: () => mood,
  }
}

/** A frame that has nothing but a token. */
function tokenFrame(value: unknown): Json | undefined {
  const { response: frame, error } = readFrame(value) ?? {}
  if (!frame || error || typeof frame.token !== 'string') return
  if (frame.messageTag === RESULT_TAG) return
  for (const key in frame) if (!PLAIN.has(key)) return
  return frame
}

/** Where the quote stands that ends a string. Behind an escaped backslash it is not found: that is rare. */
function endOfLetters(line: string, start: number): number {
  let end = line.indexOf('"', start)
  while (end > start && line.charCodeAt(end - 1) === BACKSLASH) end = line.indexOf('"', end + 1)
  return end
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON forbids them within strings
const SPECIAL = /[\\\u0000-\u001f]/
const STRING_BODY =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: JSON forbids them within strings
  /^(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*$/
