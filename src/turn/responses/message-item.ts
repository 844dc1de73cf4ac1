import type { Citation, Logprob } from '../event'
import type { Json } from '../json-value'
import { type ItemParts, type OpenItem, placeOf } from './open-item'

/** What the model says to the user. */
export interface MessageItem extends OpenItem {
  text(text: string, logprobs?: readonly Logprob[]): string
  refusal(text: string): string
  cite(citation: Citation): string
}

interface TextPart {
  readonly type: 'output_text'
  text: string
  readonly annotations: Json[]
  readonly logprobs: Json[]
}

interface RefusalPart {
  readonly type: 'refusal'
  refusal: string
}

const encoder = new TextEncoder()

/** Write a message, part by part. */
export function createMessageItem(parts: ItemParts): MessageItem {
  const { writer, tape, id } = parts
  const place = placeOf(parts)
  const content: (TextPart | RefusalPart)[] = []
  let status = 'in_progress'
  let open: TextPart | RefusalPart | undefined
  let where = ''
  let delta: (text: string) => string = () => ''

  function begin(part: TextPart | RefusalPart): string {
    const ended = end()
    where = `${place},"content_index":${content.length}`
    content.push(part)
    open = part
    if (!writer.live) return ''
    delta =
      part.type === 'refusal'
        ? writer.series('response.refusal.delta', where)
        : writer.series('response.output_text.delta', where, ',"logprobs":[]')
    return ended + writer.event('response.content_part.added', partMember(part))
  }

  const partMember = (part: object): string => `${where},"part":${JSON.stringify(part)}`

  function end(): string {
    const part = open
    open = undefined
    if (!part || !writer.live) return ''
    const said =
      part.type === 'refusal'
        ? writer.event(
            'response.refusal.done',
            `${where},"refusal":${JSON.stringify(part.refusal)}`,
          )
        : writer.event(
            'response.output_text.done',
            `${where},"text":${JSON.stringify(part.text)},"logprobs":${JSON.stringify(part.logprobs)}`,
          )
    return said + writer.event('response.content_part.done', partMember(part))
  }

  function likely(text: string, logprobs: readonly Json[]): string {
    const members = `${where},"delta":${JSON.stringify(text)},"logprobs":${JSON.stringify(logprobs)}`
    return writer.event('response.output_text.delta', members)
  }

  return {
    type: 'message',

    text(text, logprobs) {
      const begun =
        open?.type === 'output_text'
          ? ''
          : begin({ type: 'output_text', text: '', annotations: [], logprobs: [] })
      const part = open as TextPart
      part.text += text
      tape.cut(text.length, logprobs?.length)
      if (!logprobs || logprobs.length === 0) return begun + delta(text)
      const shown = logprobs.map(toLogprob)
      part.logprobs.push(...shown)
      return writer.live ? begun + likely(text, shown) : ''
    },

    refusal(text) {
      const begun = open?.type === 'refusal' ? '' : begin({ type: 'refusal', refusal: '' })
      const part = open as RefusalPart
      part.refusal += text
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
      content: content.map((part) => ({ ...part })),
    }),
  }
}

const toAnnotation = ({ url, title, start, end }: Citation) => ({
  type: 'url_citation',
  url,
  title,
  start_index: start,
  end_index: end,
})

/** OpenAI requires the bytes of every token, which others leave out. */
const toLogprob = ({ token, logprob, bytes, top_logprobs: others }: Logprob) => ({
  token,
  logprob,
  bytes: bytes ?? bytesOf(token),
  top_logprobs: others.map((other) => ({ ...other, bytes: other.bytes ?? bytesOf(other.token) })),
})

const bytesOf = (text: string): number[] => [...encoder.encode(text)]
