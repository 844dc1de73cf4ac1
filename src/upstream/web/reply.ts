import { asFault } from '../../net/http'
import type { TurnEvent } from '../../turn/event'
import type { TurnRequest } from '../../turn/request'
import type { Tokenizer } from '../../turn/tokenizer'
import { withBegun } from '../fault'
import type { createWebDecoder } from './decoder'
import { createEstimate } from './estimate'
import { createTextFlow } from './text-flow'
import type { MediaEvent } from './voice'

interface ReplyTerms {
  readonly response: Response
  readonly signal: AbortSignal
  readonly dialect: 'chat' | 'responses'
  readonly decoder: ReturnType<typeof createWebDecoder>
  readonly turn: TurnRequest
  readonly tokenizer: () => Promise<Tokenizer>
  /** Says what was drawn or filmed. */
  readonly show: (event: MediaEvent) => AsyncIterable<TurnEvent>
}

/** Reads an answer as it comes, and reckons at its end what it took. */
export async function* readReply(terms: ReplyTerms): AsyncGenerator<TurnEvent> {
  const { response, dialect, decoder, turn, tokenizer, show } = terms
  const reader = response.body?.getReader()
  const utf8 = new TextDecoder()
  const flow = createTextFlow(dialect)
  let estimate: ReturnType<typeof createEstimate> | undefined
  try {
    for (let ended = false; !ended; ) {
      const chunk = reader && (await read(reader, terms))
      ended = chunk === undefined
      const events = chunk ? decoder.push(utf8.decode(chunk, STREAM)) : decoder.end()
      for (const event of events) {
        if (event.type === 'media') {
          for await (const shown of show(event)) yield flow.shown(shown)
          continue
        }
        estimate ??= createEstimate(await tokenizer())
        estimate.add(event)
        yield flow.said(event)
      }
    }
    estimate ??= createEstimate(await tokenizer())
    yield { type: 'usage', usage: estimate.usage(turn) }
  } catch (cause) {
    throw withBegun(cause, decoder.hasBegun())
  } finally {
    reader?.cancel().catch(() => {})
  }
}

type Reader = ReadableStreamDefaultReader<Uint8Array>

const STREAM = { stream: true }

/** The next bytes; undefined when there are no more. */
async function read(
  reader: Reader,
  { signal, decoder }: ReplyTerms,
): Promise<Uint8Array | undefined> {
  try {
    return (await reader.read()).value
  } catch (cause) {
    // Only a title could still come.
    if (decoder.isWhole() && !signal.aborted) return
    throw asFault(cause, signal)
  }
}
