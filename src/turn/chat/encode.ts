import { byteLength } from '../byte-length'
import type { TurnEncoder } from '../codec'
import type { CitationEvent, TextEvent, TurnEvent } from '../event'
import { estimatedUsage, type Usage } from '../usage'
import { createAnswerWriter } from './answer-writer'
import { createChunkWriter } from './chunk-writer'
import { farewell } from './farewell'
import type { StreamTerms } from './native-stream'
import { BEGIN_THOUGHT, END_THOUGHT } from './think-tags'

/** How far a choice has come. */
interface Progress {
  readonly choice: number
  /** The paragraph of its last thought; undefined before the first. */
  part: number | undefined
  isOver: boolean
  /** It thinks within its content, and the tag is open. */
  isTagged: boolean
  /** Letters of content, and where in it the piece of text begins that sources count from. */
  length: number
  from: number | undefined
  calls: number
}

type Said<Type> = Extract<TurnEvent, { readonly type: Type }>

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
  let last = newProgress(0)
  const known = new Map([[0, last]])
  let reported: Usage | undefined
  let outputBytes = 0

  const usage = (): Usage => reported ?? estimatedUsage(terms.promptBytes, outputBytes)

  function write(event: Exclude<TurnEvent, { readonly type: 'usage' }>): string {
    answer?.take(event)
    return chunks ? chunks.write(event) : ''
  }

  /** Nearly always the choice that spoke last. */
  function progressOf(choice: number): Progress {
    if (choice === last.choice) return last
    last = known.get(choice) ?? newProgress(choice)
    known.set(choice, last)
    return last
  }

  function say(event: TextEvent): string {
    const progress = progressOf(event.choice)
    const before = progress.isTagged ? endThought(progress) : ''
    progress.from ??= progress.length
    progress.length += event.text.length
    return before + write(event)
  }

  /** Chat has one text for all that was thought: a blank line stands between its paragraphs. */
  function think(event: Said<'thinking'>): string {
    const { choice, part, text } = event
    const progress = progressOf(choice)
    progress.from = undefined
    if (!terms.showThinking) return ''
    const isNew = progress.part !== undefined && (progress.isOver || progress.part !== part)
    progress.part = part
    progress.isOver = false
    if (terms.thinkTags) return thinkAloud(progress, isNew ? `\n\n${text}` : text)
    return write(isNew ? { ...event, text: `\n\n${text}` } : event)
  }

  /** Clients that know no `reasoning_content` find what was thought by its tags. */
  function thinkAloud(progress: Progress, text: string): string {
    if (progress.isTagged) return add(progress, text)
    progress.isTagged = true
    return add(progress, BEGIN_THOUGHT + text.trimStart())
  }

  function endThought(progress: Progress): string {
    progress.isTagged = false
    return add(progress, END_THOUGHT)
  }

  function add(progress: Progress, text: string): string {
    progress.length += text.length
    return write({ type: 'text', choice: progress.choice, text })
  }

  /** Chat counts from the beginning of all content. */
  function cite(event: CitationEvent): string {
    const progress = progressOf(event.choice)
    progress.from ??= progress.length
    const { from } = progress
    if (from === 0) return write(event)
    const { start, end } = event.citation
    return write({
      ...event,
      citation: { ...event.citation, start: start + from, end: end + from },
    })
  }

  /** Clients that give `functions` can be told of one call only. */
  function isSpare(event: Said<'call' | 'arguments'>): boolean {
    if (!terms.legacyCalls) return false
    const progress = progressOf(event.choice)
    if (event.type === 'call') progress.calls++
    return progress.calls > 1
  }

  /** Something that is no text is said. */
  function turnTo(event: Said<'refusal' | 'call' | 'finish' | 'thought' | 'hosted'>): string {
    const progress = progressOf(event.choice)
    progress.from = undefined
    // Tools that run at the upstream are part of what it thinks.
    const goesOn = event.type === 'thought' || event.type === 'hosted'
    if (event.type === 'thought') progress.isOver = true
    const before = progress.isTagged && !goesOn ? endThought(progress) : ''
    return before + write(event)
  }

  function endThoughts(): string {
    let out = ''
    for (const progress of known.values()) if (progress.isTagged) out += endThought(progress)
    return out
  }

  return {
    push(event) {
      switch (event.type) {
        case 'usage':
          reported = event.usage
          return ''
        case 'text':
          outputBytes += byteLength(event.text)
          return say(event)
        case 'thinking':
          outputBytes += byteLength(event.text)
          return think(event)
        case 'citation':
          return cite(event)
        case 'arguments':
          outputBytes += byteLength(event.text)
          return isSpare(event) ? '' : write(event)
        case 'refusal':
          outputBytes += byteLength(event.text)
          return turnTo(event)
        case 'call':
          outputBytes += byteLength(event.name)
          return isSpare(event) ? '' : turnTo(event)
        default:
          return turnTo(event)
      }
    },

    end: () => endThoughts() + (chunks?.end(usage) ?? ''),

    fail: (error) => endThoughts() + farewell(error),

    answer() {
      if (!answer) throw new TypeError('This encoder was made for a stream only.')
      return answer.write(usage())
    },

    usage,
  }
}

const newProgress = (choice: number): Progress => ({
  choice,
  part: undefined,
  isOver: false,
  isTagged: false,
  length: 0,
  from: undefined,
  calls: 0,
})
