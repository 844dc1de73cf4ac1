import { ApiError, unable } from '../../errors'
import { fieldOf, paramOf } from '../param'
import type { Ask } from '../upstream'
import type { Attachable } from './attached'

/** Where the bytes of a picture, a recording or a file come from. */
export interface MediaSource {
  readonly part: Attachable
  /** Base64, a `data:` URL or an address. */
  readonly text: string
  /** The field of the request that says it. */
  readonly param: string
}

/**
 * Find where a part's bytes come from.
 *
 * @throws UpstreamFault for the id of an uploaded file, which another upstream may know
 * @throws ApiError for a part that says nothing
 */
export function sourceOf(part: Attachable, ask: Ask): MediaSource {
  if (part.type === 'audio') return { part, text: part.data, param: paramOf(part.data, ask) }
  const text = part.url ?? (part.type === 'file' ? part.data : undefined)
  if (text) return { part, text, param: paramOf(text, ask) }
  if (part.fileId)
    throw unable(
      'grok.com knows no ids of uploaded files: send the file itself, or its address.',
      paramOf(part.fileId, ask),
    )
  throw new ApiError('invalid_value', `A part of the type "${part.type}" is empty.`, {
    param: fieldOf(ask),
  })
}
