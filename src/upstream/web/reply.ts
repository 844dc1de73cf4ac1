import { UpstreamFault } from '../../errors'
import { asFault } from '../../net/http'
import type { TurnEvent } from '../../turn/event'
import type { TurnRequest } from '../../turn/request'
import type { Tokenizer } from '../../turn/tokenizer'
import type { createWebDecoder, MediaEvent, WebEvent } from './decoder'
import { createEstimate } from './estimate'
import { createTextFlow } from './text-flow'

interface ReplyTerms {
  readonly response: Response
  readonly signal: AbortSignal
  readonly decoder: ReturnType<typeof createWebDecoder>
  readonly turn: TurnRequest
  readonly tokenizer: () => Promise<Tokenizer>
  /** Says what was drawn or filmed. */
  readonly show: (event: MediaEvent) => AsyncIterable<TurnEvent>
}

/** Reads an answer as it comes, and reckons at its end what it took. */
export async function* readReply(terms: ReplyTerms): AsyncGenerator<TurnEvent> {
  const { response, signal, decoder, turn, tokenizer, show } = terms
  const reader = response.body?.getReader()
  const utf8 = new TextDecoder()
  const flow = createTextFlow()
  let estimate: ReturnType<typeof createEstimate> | undefined
  try {
    for (let done = false; !done; ) {
      const chunk = reader && (await read(reader, signal))
      done = chunk === undefined
      const text = utf8.decode(chunk, { stream: !done })
      for (const event of decode(decoder, text, done)) {
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
  } finally {
    reader?.cancel().catch(() => {})
  }
}

type Reader = ReadableStreamDefaultReader<Uint8Array>

/** The next bytes; undefined when there are no more. */
async function read(reader: Reader, signal: AbortSignal): Promise<Uint8Array | undefined> {
  try {
    return (await reader.read()).value
  } catch (cause) {
    throw asFault(cause, signal)
  }
}

function decode(
  decoder: ReplyTerms['decoder'],
  text: string,
  isLast: boolean,
): readonly WebEvent[] {
  try {
    const events = text === '' ? NONE : decoder.push(text)
    return isLast ? [...events, ...decoder.end()] : events
  } catch (cause) {
    if (cause instanceof SyntaxError || cause instanceof RangeError)
      throw new UpstreamFault('malformed', 'grok.com answered something that is no answer.', {
        cause,
      })
    throw cause
  }
}

const NONE: readonly WebEvent[] = []
