import type { TurnEvent } from '../turn/event'
import { describeTools } from '../turn/tool-prompt/describe'
import { type CallParser, createCallParser } from '../turn/tool-prompt/parser'
import { retold } from './retold'
import type { Upstream } from './upstream'

interface PromptedToolsParts {
  readonly newId: () => string
  /** Whether the next call is to be put in words. */
  readonly isOn: () => boolean
}

/**
 * Gives tools to an upstream that has none: they are described to its model in words, and what it
 * writes is searched for calls.
 */
export const withPromptedTools = (
  upstream: Upstream,
  { newId, isOn }: PromptedToolsParts,
): Upstream => ({
  ...upstream,

  async ask(call) {
    const described = isOn() ? describeTools(call.ask.turn()) : undefined
    if (!described) return upstream.ask(call)
    const { turn, tools } = described
    const reply = await upstream.ask(retold(call, turn))
    if (reply.form !== 'events' || tools.length === 0) return reply
    return { ...reply, events: parsed(reply.events, createCallParser({ newId, tools })) }
  },
})

async function* parsed(
  events: AsyncIterable<TurnEvent>,
  parser: CallParser,
): AsyncGenerator<TurnEvent> {
  for await (const event of events) yield* parser.push(event)
  yield* parser.end()
}
