import type { Json } from '../../json-value'
import type { Citation, Logprob } from '../event'
import { createLongText, type LongText } from './long-text'
import { type ItemParts, type OpenItem, placeOf } from './open-item'

/** What the model says to the user. */
export interface MessageItem extends OpenItem {
  text(text: string, logprobs?: readonly Logprob[]): string
  refusal(text: string): string
  cite(citation: Citation): string
}

interface Part {
  readonly type: 'output_text' | 'refusal'
  readonly said: LongText
  readonly annotations: Json[]
  readonly logprobs: Json[]
}

const encoder = new TextEncoder()

/** Write a message, part by part. */
export function createMessageItem(parts: ItemParts): MessageItem {
  const { writer, tape, id } = parts
  const place = placeOf(parts)
  const content: Part[] = []
  let status = 'in_progress'
  let open: Part | undefined
  let where = ''
  let delta: (text: string) => string = () => ''

  /** Go on with the part that is open, if it is of this type. Else give the events of another. */
  function turnTo(type: Part['type']): string {
    if (open?.type === type) return ''
    const ended = end()
    where = `${place},"content_index":${content.length}`
    open = { type, said: createLongText(), annotations: [], logprobs: [] }
    content.push(open)
    if (!writer.live) return ''
    delta =
      type === 'refusal'
        ? writer.series('response.refusal.delta', where)
        : writer.series('response.output_text.delta', where, ',"logprobs":[]')
    return ended + writer.event('response.content_part.added', partMember(open))
  }

  const partMember = (part: Part): string => `${where},"part":${JSON.stringify(viewPart(part))}`

  function end(): string {
    const part = open
    open = undefined
    if (!part || !writer.live) return ''
    const { type: _, annotations: __, ...texts } = viewPart(part)
    const members = `${where},${JSON.stringify(texts).slice(1, -1)}`
    return (
      writer.event(`response.${part.type}.done`, members) +
      writer.event('response.content_part.done', partMember(part))
    )
  }

  function likely(text: string, logprobs: readonly Json[]): string {
    const members = `${where},"delta":${JSON.stringify(text)},"logprobs":${JSON.stringify(logprobs)}`
    return writer.event('response.output_text.delta', members)
  }

  return {
    type: 'message',

    text(text, logprobs) {
      const begun = turnTo('output_text')
      open?.said.add(text)
      tape.cut(text.length, logprobs?.length)
      if (!logprobs || logprobs.length === 0) return begun + delta(text)
      const shown = logprobs.map(toLogprob)
      open?.logprobs.push(...shown)
      return writer.live ? begun + likely(text, shown) : ''
    },

    refusal(text) {
      const begun = turnTo('refusal')
      open?.said.add(text)
      tape.cut(text.length)
      return begun + delta(text)
    },

    cite(citation) {
      if (open?.type !== 'output_text') return ''
      const annotation = toAnnotation(citation)
      const index = open.annotations.push(annotation) - 1
      tape.cite()
      if (!writer.live) return ''
      return writer.event(
        'response.output_text.annotation.added',
        `${where},"annotation_index":${index},"annotation":${JSON.stringify(annotation)}`,
      )
    },

    close(as) {
      status = as
      return end()
    },

    view: () => ({
      id,
      type: 'message',
      status,
      role: 'assistant',
      content: content.map(viewPart),
    }),
  }
}

function viewPart({ type, said, annotations, logprobs }: Part): Json {
  if (type === 'refusal') return { type, refusal: said.text() }
  return { type, text: said.text(), annotations: [...annotations], logprobs: [...logprobs] }
}

const toAnnotation = ({ url, title, start, end }: Citation) => ({
  type: 'url_citation',
  url,
  title,
  // A source that chat has told of late may be of an earlier piece of the text.
  start_index: Math.max(start, 0),
  end_index: Math.max(end, 0),
})

/** OpenAI requires the bytes of every token, which others leave out. */
const toLogprob = ({ token, logprob, bytes, top_logprobs: others }: Logprob) => ({
  token,
  logprob,
  bytes: bytes ?? bytesOf(token),
  top_logprobs: others.map((other) => ({ ...other, bytes: other.bytes ?? bytesOf(other.token) })),
})

const bytesOf = (text: string): number[] => [...encoder.encode(text)]
