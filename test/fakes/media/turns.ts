import { isObject, type Json } from '../grok-web/checks'
import { text } from '../responses-outputs'
import { say } from '../responses-said'
import { hello, helloEvents, sse } from '../upstream'

/** The parts of all messages that have several. */
export const partsOf = (entries: unknown): readonly Json[] =>
  Array.isArray(entries)
    ? entries.filter(isObject).flatMap(({ content }) => (Array.isArray(content) ? content : []))
    : []

/** What a turn refers to: files by their ids, and files in the request. */
export interface Attached {
  readonly fileIds: readonly string[]
  /** `file_data` and `image_url` as they were sent. */
  readonly data: readonly string[]
}

/** The attachments of a chat or a response. */
export function attachedTo(body: Json): Attached {
  const parts = partsOf(body.messages ?? body.input)
  const texts = (...values: readonly unknown[]) =>
    values.filter((value) => typeof value === 'string')
  const inner = (value: unknown): Json => (isObject(value) ? value : {})
  return {
    fileIds: parts.flatMap((part) => texts(part.file_id, inner(part.file).file_id)),
    data: parts.flatMap((part) =>
      texts(part.file_data, inner(part.file).file_data, part.image_url, inner(part.image_url).url),
    ),
  }
}

/** The standard answer to a chat. */
export function chat({ stream }: Json): Response {
  return stream ? sse(helloEvents()) : Response.json(hello())
}

/** The standard answer to a response. */
export const respond = ({ model, stream }: Json): Response =>
  say({ model: String(model), stream: stream === true }, [text('Hello there')])
