import type { CallEvent, Citation, Logprob, TurnEvent } from '../event'
import { toChatUsage, type Usage } from '../usage'
import { sourcesOf, toAnnotation } from './citations'
import { finishReason, reasonFor } from './finish-reason'
import type { StreamTerms } from './native-stream'

interface Call {
  readonly event: CallEvent
  arguments: string
}

/** What one choice has said. */
interface Said {
  text: string
  thinking: string
  refusal: string
  reason: string | undefined
  readonly calls: Call[]
  readonly citations: Citation[]
  readonly logprobs: Logprob[]
}

/** Gathers what is said, and writes it as one chat completion. */
export function createAnswerWriter(
  id: string,
  { model, created, choices: wanted, legacyCalls = false }: StreamTerms,
) {
  const choices = new Map<number, Said>()
  const sources = new Set<string>()

  function saidBy(index: number): Said {
    const known = choices.get(index)
    if (known) return known
    const said: Said = {
      text: '',
      thinking: '',
      refusal: '',
      reason: undefined,
      calls: [],
      citations: [],
      logprobs: [],
    }
    choices.set(index, said)
    return said
  }

  return {
    take(event: Exclude<TurnEvent, { readonly type: 'usage' }>): void {
      const said = saidBy(event.choice)
      switch (event.type) {
        case 'text':
          said.text += event.text
          if (event.logprobs) said.logprobs.push(...event.logprobs)
          return
        case 'thinking':
          said.thinking += event.text
          return
        case 'refusal':
          said.refusal += event.text
          return
        case 'citation':
          said.citations.push(event.citation)
          sources.add(event.citation.url)
          return
        case 'hosted':
          for (const url of sourcesOf(event.item)) sources.add(url)
          return
        case 'call':
          said.calls.push({ event, arguments: '' })
          return
        case 'arguments': {
          const call = said.calls.at(-1)
          if (call) call.arguments += event.text
          return
        }
        case 'finish':
          said.reason ??= event.reason
          return
      }
    },

    write(usage: Usage): string {
      for (let index = 0; index < wanted; index++) saidBy(index)
      const all = [...choices].sort(([a], [b]) => a - b)
      return JSON.stringify({
        id,
        object: 'chat.completion',
        created,
        model,
        choices: all.map(([index, said]) => toChoice(index, said, legacyCalls)),
        usage: toChatUsage(usage),
        ...(sources.size > 0 && { citations: [...sources] }),
      })
    },
  }
}

function toChoice(index: number, said: Said, isLegacy: boolean) {
  const { text, thinking, refusal, calls, citations, logprobs } = said
  const isSilent = text === '' && (calls.length > 0 || refusal !== '')
  const called = { tools: calls.length > 0, legacyFunction: false }
  return {
    index,
    message: {
      role: 'assistant',
      content: isSilent ? null : text,
      refusal: refusal === '' ? null : refusal,
      ...(thinking !== '' && { reasoning_content: thinking }),
      ...(citations.length > 0 && { annotations: citations.map(toAnnotation) }),
      ...(calls.length > 0 && (isLegacy ? legacyCall(calls) : { tool_calls: calls.map(toCall) })),
    },
    finish_reason: reasonFor(said.reason ?? finishReason(undefined, called), isLegacy),
    logprobs: logprobs.length > 0 ? { content: logprobs, refusal: null } : null,
  }
}

const legacyCall = ([first]: readonly Call[]) =>
  first && { function_call: { name: first.event.name, arguments: first.arguments || '{}' } }

const toCall = ({ event: { id, name, custom }, arguments: given }: Call) =>
  custom
    ? { id, type: 'custom', custom: { name, input: given } }
    : { id, type: 'function', function: { name, arguments: given || '{}' } }
