import { unable } from '../../errors'
import type { TurnPart } from '../request'

/** What a message says, as chat writes it. */
export type Content = string | readonly object[]

/**
 * Write what a message says. Text alone becomes one string: many servers take nothing else, and
 * their templates join parts by a line break anyway.
 *
 * @throws UpstreamFault for a picture that only the Responses API can name
 */
export function writeContent(parts: readonly TurnPart[]): Content {
  return parts.every(isWords) ? textOf(parts) : parts.map(writePart)
}

/** The words of a message, refusals too: few servers know a field for those. */
export const textOf = (parts: readonly TurnPart[]): string =>
  parts
    .filter(isWords)
    .map(({ text }) => text)
    .join('\n')

/** Whether a part is nothing but words. */
export const isWords = (
  part: TurnPart,
): part is Extract<TurnPart, { readonly type: 'text' | 'refusal' }> =>
  part.type === 'text' || part.type === 'refusal'

/** One part of a message. */
export function writePart(part: TurnPart): object {
  switch (part.type) {
    case 'text':
    case 'refusal':
      return { type: 'text', text: part.text }
    case 'image':
      return { type: 'image_url', image_url: { url: urlOf(part), detail: detailOf(part.detail) } }
    case 'audio':
      return { type: 'input_audio', input_audio: { data: part.data, format: part.format } }
    case 'file':
      return writeFile(part)
  }
}

/** Chat knows no addresses of files; some models can open one that they read of. */
function writeFile({ url, data, fileId, filename }: Extract<TurnPart, { type: 'file' }>): object {
  if (url !== undefined && data === undefined && fileId === undefined)
    return { type: 'text', text: `${filename ?? 'File'}: ${url}` }
  return { type: 'file', file: { filename, file_data: data, file_id: fileId } }
}

function urlOf({ url }: Extract<TurnPart, { type: 'image' }>): string {
  if (url !== undefined) return url
  throw unable('This model takes pictures by address or as data only.', 'input')
}

/** `original` is a word of the Responses API. */
const detailOf = (detail: string | undefined): string | undefined =>
  detail === 'original' ? 'high' : detail
