import type { TurnEvent } from '../../turn/event'
import type { TurnRequest } from '../../turn/request'
import type { Tokenizer } from '../../turn/tokenizer'
import { withBegun } from '../fault'
import type { WebDecoder } from './decoder'
import { createEstimate } from './estimate'
import { readPiece, STREAM } from './said'
import { createTextFlow } from './text-flow'
import type { MediaEvent } from './voice'

interface ReplyTerms {
  readonly response: Response
  readonly signal: AbortSignal
  readonly dialect: 'chat' | 'responses'
  readonly decoder: WebDecoder
  readonly turn: TurnRequest
  readonly tokenizer: () => Promise<Tokenizer>
  /** Says what was drawn or filmed. */
  readonly show: (event: MediaEvent) => AsyncIterable<TurnEvent>
}

/** Reads an answer as it comes, and reckons at its end what it took. */
export async function* readReply(terms: ReplyTerms): AsyncGenerator<TurnEvent> {
  const { response, signal, dialect, decoder, turn, tokenizer, show } = terms
  const reader = response.body?.getReader()
  const utf8 = new TextDecoder()
  const flow = createTextFlow(dialect)
  let estimate: ReturnType<typeof createEstimate> | undefined
  try {
    for (let ended = false; !ended; ) {
      const chunk = reader && (await readPiece(reader, decoder, signal))
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
