import { isObject, type MutableJson } from '../../json-value'
import { estimatedUsage, includeReasoning, readChatUsage, toChatUsage, type Usage } from '../usage'
import { finishReason } from './finish-reason'
import { mendLogprobs } from './native-choice'
import type { StreamTerms } from './native-stream'
import { orderToolCalls } from './tool-calls'
import { readWholeAnswer } from './whole-answer'

/**
 * Make an upstream's whole answer into the one that OpenAI documents. The text comes back as it is
 * when nothing had to change.
 *
 * @throws UpstreamFault when it is no answer, or an error with status 200
 */
export function mendAnswer(
  text: string,
  terms: StreamTerms,
): { readonly text: string; readonly usage: Usage } {
  const { answer, choices } = readWholeAnswer(text, terms.choices)
  let changed = false
  const set = (owner: MutableJson, key: string, value: unknown) => {
    if (owner[key] === value) return
    owner[key] = value
    changed = true
  }
  if (typeof answer.id !== 'string' || answer.id === '')
    set(answer, 'id', `chatcmpl-${terms.newId()}`)
  set(answer, 'object', 'chat.completion')
  if (!Number.isInteger(answer.created)) set(answer, 'created', terms.created)
  set(answer, 'model', terms.model)

  for (const [position, item] of choices.entries()) {
    const choice = isObject(item) ? item : {}
    if (choice !== item) set(choices as unknown as MutableJson, String(position), choice)
    if (!Number.isInteger(choice.index)) set(choice, 'index', position)
    if (choice.logprobs === undefined) set(choice, 'logprobs', null)
    if (mendLogprobs(choice)) changed = true
    const message = isObject(choice.message) ? choice.message : {}
    set(choice, 'message', message)
    mendMessage(message, set)
    const tools = Array.isArray(message.tool_calls)
    const legacyFunction = isObject(message.function_call)
    set(choice, 'finish_reason', finishReason(choice.finish_reason, { tools, legacyFunction }))
  }

  const reported = answer.usage
  if (isObject(reported)) {
    if (includeReasoning(reported)) changed = true
    return { text: changed ? JSON.stringify(answer) : text, usage: readChatUsage(reported) }
  }
  const usage = estimatedUsage(terms.promptBytes, JSON.stringify(choices).length)
  answer.usage = toChatUsage(usage)
  return { text: JSON.stringify(answer), usage }

  function mendMessage(
    message: MutableJson,
    set: (owner: MutableJson, key: string, value: unknown) => void,
  ) {
    set(message, 'role', 'assistant')
    if (message.refusal === undefined) set(message, 'refusal', null)
    if (!terms.showThinking && 'reasoning_content' in message) {
      delete message.reasoning_content
      changed = true
    }
    const calls = message.tool_calls
    if (Array.isArray(calls) && calls.length > 0) {
      const ordered = orderToolCalls(calls, () => `call_${terms.newId()}`)
      if (JSON.stringify(ordered) !== JSON.stringify(calls)) set(message, 'tool_calls', ordered)
      if (message.content === '') set(message, 'content', null)
    } else if ('tool_calls' in message) {
      delete message.tool_calls
      changed = true
    }
    if (message.content === undefined) set(message, 'content', null)
  }
}
