import { byteLength } from '../byte-length'
import type { TurnEncoder } from '../codec'
import type { TurnEvent } from '../event'
import { estimatedUsage, type Usage } from '../usage'
import { createAnswerWriter } from './answer-writer'
import { createChunkWriter } from './chunk-writer'
import { farewell } from './farewell'
import type { StreamTerms } from './native-stream'

/** What a choice has thought so far. */
interface Thinking {
  part: number
  isOver: boolean
}

interface Wanted {
  /** Give the chunks of a stream; without, `push` and `end` give nothing. */
  readonly stream?: boolean
  /** Gather for `answer()`; without, a stream of any length takes no memory. */
  readonly whole?: boolean
}

/** Writes events as the chat answer that OpenAI documents. */
export function createChatEncoder(
  terms: StreamTerms,
  { stream = true, whole = true }: Wanted = {},
): TurnEncoder {
  const id = `chatcmpl-${terms.newId()}`
  const chunks = stream ? createChunkWriter(id, terms) : undefined
  const answer = whole ? createAnswerWriter(id, terms) : undefined
  const thinking = new Map<number, Thinking>()
  let reported: Usage | undefined
  let outputBytes = 0

  const usage = (): Usage => reported ?? estimatedUsage(terms.promptBytes, outputBytes)

  function write(event: Exclude<TurnEvent, { readonly type: 'usage' }>): string {
    answer?.take(event)
    return chunks ? chunks.write(event) : ''
  }

  /** Chat has one text for all that was thought: a blank line stands between its paragraphs. */
  function separated(event: Extract<TurnEvent, { readonly type: 'thinking' }>) {
    const before = thinking.get(event.choice)
    if (!before) {
      thinking.set(event.choice, { part: event.part, isOver: false })
      return event
    }
    const isNew = before.isOver || before.part !== event.part
    before.part = event.part
    before.isOver = false
    return isNew ? { ...event, text: `\n\n${event.text}` } : event
  }

  return {
    push(event) {
      switch (event.type) {
        case 'usage':
          reported = event.usage
          return ''
        case 'text':
        case 'refusal':
        case 'arguments':
          outputBytes += byteLength(event.text)
          return write(event)
        case 'thinking':
          outputBytes += byteLength(event.text)
          return terms.showThinking ? write(separated(event)) : ''
        case 'thought': {
          const before = thinking.get(event.choice)
          if (before) before.isOver = true
          return write(event)
        }
        case 'call':
          outputBytes += byteLength(event.name)
          return write(event)
        default:
          return write(event)
      }
    },

    end: () => chunks?.end(usage) ?? '',

    fail: farewell,

    answer() {
      if (!answer) throw new TypeError('This encoder was made for a stream only.')
      return answer.write(usage())
    },

    usage,
  }
}
