import { ApiError, unable } from '../../errors'
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

/** The field of a request that holds what was said. */
export const fieldOf = ({ dialect }: Ask): string => (dialect === 'chat' ? 'messages' : 'input')

/** Where in a request a text stands; in its conversation, if that was not sent along. */
function paramOf(text: string, ask: Ask): string {
  const field = fieldOf(ask)
  if (ask.dialect === 'responses') return find(ask.request.input, text, field, bracketed) ?? field
  return find(ask.request.value.messages, text, field, dotted) ?? field
}

type Step = (path: string, key: string | number) => string

/** OpenAI's chat and its Responses API write paths differently. */
const dotted: Step = (path, key) => `${path}.${key}`
const bracketed: Step = (path, key) =>
  typeof key === 'number' ? `${path}[${key}]` : dotted(path, key)

function find(value: unknown, text: string, path: string, step: Step): string | undefined {
  if (value === text) return path
  if (typeof value !== 'object' || value === null) return
  const members = Array.isArray(value) ? value.entries() : Object.entries(value)
  for (const [key, member] of members) {
    const found = find(member, text, step(path, key), step)
    if (found) return found
  }
  return
}
