import { isObject } from '../../json-value'
import { misfits } from '../json-schema/misfits'
import type { WantedFormat } from './describe'
import { type FoundJson, findJson } from './find-json'

/** What was said, looked at: the JSON in it, or what is wrong with it. */
export type Fit =
  | { readonly found: FoundJson; readonly wrong?: undefined }
  | { readonly found?: undefined; readonly wrong: string }

/** Find the one JSON value in an answer that has the form that is wanted. */
export function fit(text: string, format: WantedFormat): Fit {
  const all = findJson(text)
  const looked = all.map((found) => ({ found, wrong: wrongWith(found.value, format) }))
  const good = looked.filter(({ wrong }) => wrong === undefined).map(({ found }) => found)
  const [found] = good
  if (found && good.every(({ json }) => json === found.json)) return { found }
  if (found) return { wrong: 'it holds several JSON values, and there must be one' }
  // What was meant is rather long.
  const [longest] = looked.sort((a, b) => b.found.json.length - a.found.json.length)
  if (longest) return { wrong: longest.wrong ?? '' }
  return { wrong: text.trim() === '' ? 'it is empty' : `it holds no whole JSON value${why(text)}` }
}

function wrongWith(value: unknown, format: WantedFormat): string | undefined {
  if (format.type === 'json') return isObject(value) ? undefined : 'it must be a JSON object'
  // What cannot be told is not held against the answer.
  const wrong = misfits(format.schema, value) ?? []
  return wrong.length > 0 ? wrong.join('; ').slice(0, LONGEST) : undefined
}

const LONGEST = 2_000

/** What the engine says of what looks like JSON in it. */
function why(text: string): string {
  const from = text.search(/[[{]/)
  if (from < 0) return ''
  const to = Math.max(text.lastIndexOf('}'), text.lastIndexOf(']')) + 1
  try {
    JSON.parse(text.slice(from, to > from ? to : text.length))
    return ''
  } catch (cause) {
    return cause instanceof Error ? ` (${cause.message.slice(0, 200)})` : ''
  }
}
