import type { TurnEvent } from '../event'
import { estimatedUsage, toChatUsage, type Usage } from '../usage'
import type { StreamTerms } from './native-stream'

type Json = Record<string, unknown>

const encoder = new TextEncoder()
const DONE = 'data: [DONE]\n\n'

/** What every part of one answer says about it. */
const headOf = ({ newId, created, model }: StreamTerms, object: string) => ({
  id: `chatcmpl-${newId()}`,
  object,
  created,
  model,
})

/** Writes events as the chat stream that OpenAI documents. */
export function createChatStream(terms: StreamTerms) {
  const head = headOf(terms, 'chat.completion.chunk')
  const tail = terms.includeUsage ? { usage: null } : {}
  const calls = new Map<number, number>()
  const begun = new Set<number>()
  let usage: Usage | undefined
  let outputBytes = 0

  const chunk = (index: number, delta: Json, finishReason: string | null = null): string => {
    const role = begun.has(index) ? {} : { role: 'assistant', content: '' }
    begun.add(index)
    const choice = { index, delta: { ...role, ...delta }, finish_reason: finishReason }
    return `data: ${JSON.stringify({ ...head, choices: [choice], ...tail })}\n\n`
  }

  function write(event: TurnEvent): string {
    switch (event.type) {
      case 'text':
        return chunk(event.choice, { content: event.text })
      case 'thinking':
        return terms.showThinking ? chunk(event.choice, { reasoning_content: event.text }) : ''
      case 'tool_call': {
        const index = calls.get(event.choice) ?? 0
        calls.set(event.choice, index + 1)
        const called = { name: event.name, arguments: event.arguments }
        const call = { index, id: `call_${terms.newId()}`, type: 'function', function: called }
        return chunk(event.choice, { tool_calls: [call] })
      }
      case 'finish':
        return chunk(event.choice, {}, event.reason)
      case 'usage':
        usage = event.usage
        return ''
    }
  }

  return {
    push(event: TurnEvent): Uint8Array {
      if ('text' in event) outputBytes += encoder.encode(event.text).length
      return encoder.encode(write(event))
    },

    end(): Uint8Array {
      const last = { ...head, choices: [], usage: usage && toChatUsage(usage) }
      const counted = terms.includeUsage && usage ? `data: ${JSON.stringify(last)}\n\n` : ''
      return encoder.encode(counted + DONE)
    },

    /** What the turn took so far: as the upstream says, else an estimate. */
    usage: (): Usage => usage ?? estimatedUsage(terms.promptBytes, outputBytes),
  }
}

interface Answer {
  text: string
  thinking: string
  calls: Json[]
  reason: string
}

/** Write events as one whole chat completion. */
export async function encodeChatAnswer(
  events: AsyncIterable<TurnEvent>,
  terms: StreamTerms,
): Promise<{ readonly text: string; readonly usage: Usage | undefined }> {
  const answers = new Map<number, Answer>()
  const answer = (choice: number): Answer => {
    const known = answers.get(choice) ?? { text: '', thinking: '', calls: [], reason: 'stop' }
    answers.set(choice, known)
    return known
  }
  let usage: Usage | undefined
  for await (const event of events) {
    if (event.type === 'text') answer(event.choice).text += event.text
    if (event.type === 'thinking') answer(event.choice).thinking += event.text
    if (event.type === 'finish') answer(event.choice).reason = event.reason
    if (event.type === 'usage') usage = event.usage
    if (event.type === 'tool_call')
      answer(event.choice).calls.push({
        id: `call_${terms.newId()}`,
        type: 'function',
        function: { name: event.name, arguments: event.arguments },
      })
  }
  const choices = [...answers].map(([index, { text, thinking, calls, reason }]) => ({
    index,
    message: {
      role: 'assistant',
      content: calls.length > 0 && text === '' ? null : text,
      refusal: null,
      ...(thinking !== '' && terms.showThinking && { reasoning_content: thinking }),
      ...(calls.length > 0 && { tool_calls: calls }),
    },
    finish_reason: reason,
    logprobs: null,
  }))
  const body = { ...headOf(terms, 'chat.completion'), choices, usage: usage && toChatUsage(usage) }
  return { text: JSON.stringify(body), usage }
}
