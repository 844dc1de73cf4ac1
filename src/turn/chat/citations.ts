import { isObject, isText } from '../../json-value'
import type { Citation, HostedItem } from '../event'

/**
 * Read a source as chat names it: an annotation, flat or with its fields within `url_citation`, or a
 * mere address.
 *
 * @param length of the text so far, which the source stands behind if it does not say where
 */
export function readCitation(source: unknown, length: number): Citation | undefined {
  if (isText(source)) return { url: source, title: source, start: length, end: length }
  if (!isObject(source)) return
  const it = isObject(source.url_citation) ? source.url_citation : source
  if (!isText(it.url)) return
  const start = isPlace(it.start_index) ? it.start_index : length
  return {
    url: it.url,
    title: isText(it.title) ? it.title : it.url,
    start,
    end: isPlace(it.end_index) ? it.end_index : start,
  }
}

/** A source as OpenAI's chat writes it. */
export const toAnnotation = ({ url, title, start, end }: Citation) => ({
  type: 'url_citation',
  url_citation: { start_index: start, end_index: end, url, title },
})

/** The pages that a tool of the upstream has looked at. */
export function sourcesOf({ type, action }: HostedItem): readonly string[] {
  if (type !== 'web_search_call' || !isObject(action) || !Array.isArray(action.sources)) return NONE
  return action.sources.filter(isObject).flatMap(({ url }) => (isText(url) ? [url] : []))
}

const NONE: readonly string[] = []

const isPlace = (value: unknown): value is number => Number.isInteger(value)
