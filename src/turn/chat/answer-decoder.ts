import { isObject, type MutableJson } from '../../json-value'
import type { DecoderTerms } from '../codec'
import type { TurnEvent } from '../event'
import { includeReasoning, readChatUsage } from '../usage'
import { createChoiceDecoder } from './choice-decoder'
import { orderToolCalls } from './tool-calls'
import { readWholeAnswer } from './whole-answer'

/**
 * Read an upstream's whole chat answer as events.
 *
 * @throws UpstreamFault when it is no answer, or an error with status 200
 */
export function decodeChatAnswer(text: string, terms: DecoderTerms): readonly TurnEvent[] {
  const { answer, choices } = readWholeAnswer(text, terms.choices)
  const events: TurnEvent[] = []
  const parts = {
    terms,
    cited: new Set<string>(),
    emit: (event: TurnEvent) => void events.push(event),
  }
  const said = choices.map((item, position) => {
    const entry = isObject(item) ? item : {}
    const index = Number.isInteger(entry.index) ? (entry.index as number) : position
    const choice = createChoiceDecoder(index, parts)
    choice.take({ ...entry, delta: readMessage(entry.message, terms) })
    return choice
  })
  const sources: readonly unknown[] = Array.isArray(answer.citations) ? answer.citations : []
  for (const [position, choice] of said.entries()) choice.end(position === 0 ? sources : [])
  if (isObject(answer.usage)) {
    includeReasoning(answer.usage)
    events.push({ type: 'usage', usage: readChatUsage(answer.usage) })
  }
  return events
}

/** A whole message is a stream of one delta, but for its calls: each of those is whole, too. */
function readMessage(message: unknown, { newId }: DecoderTerms): MutableJson {
  if (!isObject(message)) return {}
  if (!Array.isArray(message.tool_calls)) return { ...message }
  const calls = orderToolCalls(message.tool_calls, () => `call_${newId()}`)
  return { ...message, tool_calls: calls.map((call, index) => ({ ...call, index })) }
}
