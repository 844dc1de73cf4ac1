import { isObject, isText, type Json, parseObject } from '../../json-value'

/** What one line of an answer tells: of the answer, or of what went wrong. */
interface Frame {
  readonly response: Json
  readonly error: unknown
}

/** Read a line of any generation: `{result: {response}}`, `{result}` of a later turn, or an error. */
export function readFrame(line: unknown): Frame | undefined {
  if (!isObject(line)) return
  const { result, error } = line
  if (error) return { response: NOTHING, error }
  if (!isObject(result)) {
    const isRefusal = line.code !== undefined && isText(line.message)
    return isRefusal ? { response: NOTHING, error: line } : undefined
  }
  const response = isObject(result.response) ? result.response : result
  return { response, error: result.error || response.error }
}

const NOTHING: Json = {}

/** What a model's whole response says went wrong. */
export function responseError(whole: Json): unknown {
  const [first] = Array.isArray(whole.streamErrors) ? whole.streamErrors : []
  return whole.error || first
}

/** Tokens with this tag are what a tool gave, and no part of the answer. */
export const RESULT_TAG = 'raw_function_result'

/** Who says a token, and where in its thoughts. */
export interface Mood {
  readonly isThinking: boolean
  readonly tag: string
  /** Groups a section of a thought. */
  readonly step: number | undefined
  /** Of several that think at once. */
  readonly agent: string | undefined
}

export const readMood = ({ isThinking, messageTag, messageStepId, rolloutId }: Json): Mood => ({
  isThinking: isThinking === true,
  tag: isText(messageTag) ? messageTag : '',
  step: typeof messageStepId === 'number' ? messageStepId : undefined,
  agent: isText(rolloutId) ? rolloutId : undefined,
})

/** The cards of a list, or of the one attachment: JSON within JSON. */
export function readCards(attached: unknown): readonly Json[] {
  const list = Array.isArray(attached) ? attached : [attached]
  return list.flatMap((one) => {
    const card = isObject(one) && one.jsonData !== undefined ? one.jsonData : one
    const read = isText(card) ? parseObject(card) : card
    return isObject(read) ? [read] : []
  })
}

/** A page that a search found. */
export interface Page {
  readonly url: string
  readonly title: string
}

/** A page as a search tells of it; a post of X has its address made from who wrote it. */
function readPage({ url, title, postId, username, text }: Json): Page | undefined {
  if (isText(url)) return { url, title: isText(title) ? title : '' }
  if ((!isText(postId) && typeof postId !== 'number') || !isText(username)) return
  return {
    url: `https://x.com/${encodeURIComponent(username.toWellFormed())}/status/${postId}`,
    title: isText(text) ? `@${username}: ${shorten(text)}` : `@${username}`,
  }
}

const LONGEST_TITLE = 120

/** A text on one line, and not longer than a title may be. */
export function shorten(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim()
  return line.length > LONGEST_TITLE ? `${line.slice(0, LONGEST_TITLE - 1).trimEnd()}…` : line
}

/** Pages in a list, or in the `results` of a search. */
export function readPages(found: unknown): readonly Page[] {
  const list = isObject(found) ? found.results : found
  if (!Array.isArray(list)) return []
  return list.flatMap((one) => {
    const page = isObject(one) && readPage(one)
    return page ? [page] : []
  })
}
