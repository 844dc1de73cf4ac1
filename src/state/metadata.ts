import { ApiError } from '../errors'

/** Pairs of a client's own. */
export type Metadata = Readonly<Record<string, string>>

const MOST_PAIRS = 16
const LONGEST_KEY = 64
const LONGEST_VALUE = 512

/**
 * What a client gave as metadata; none where it gave none.
 *
 * @throws ApiError when it is more, longer or of another type than OpenAI takes
 */
export function checkMetadata(value: unknown, param = 'metadata'): Metadata {
  if (value === undefined || value === null) return {}
  if (typeof value !== 'object' || Array.isArray(value))
    throw refusal(param, `"${param}" must be an object of texts.`)
  const pairs = Object.entries(value)
  if (pairs.length > MOST_PAIRS)
    throw refusal(param, `"${param}" has ${pairs.length} pairs; there may be ${MOST_PAIRS}.`)
  for (const [key, text] of pairs) {
    if (isLonger(key, LONGEST_KEY))
      throw refusal(param, `A key of "${param}" is longer than ${LONGEST_KEY} characters.`)
    if (typeof text !== 'string' || isLonger(text, LONGEST_VALUE))
      throw refusal(
        param,
        `"${param}.${key}" must be a text of at most ${LONGEST_VALUE} characters.`,
      )
  }
  return value as Metadata
}

/** In characters as people count them: some have two units. */
const isLonger = (text: string, most: number): boolean =>
  text.length > most && [...text].length > most

const refusal = (param: string, message: string) =>
  new ApiError('invalid_value', message, { param })
