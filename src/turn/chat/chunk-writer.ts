import type { CallEvent, Logprob, TurnEvent } from '../event'
import { flat, quote } from '../json-text'
import { toChatUsage, type Usage } from '../usage'
import { sourcesOf, toAnnotation } from './citations'
import { finishReason, reasonFor } from './finish-reason'
import type { StreamTerms } from './native-stream'

/** What one choice has said, and the strings around whatever it says. */
interface Choice {
  readonly head: string
  readonly textHead: string
  /** Its first delta, which tells the role, is out. */
  isBegun: boolean
  isFinished: boolean
  calls: number
  /** Called, but not told of yet, and what it was given so far. */
  pending: CallEvent | undefined
  given: string
}

/**
 * Writes what is said as chunks. All but a few letters of each chunk are the same, so these are made
 * once.
 *
 * A call is told of when it is whole, as xAI does: what is made for xAI takes no pieces of one.
 */
export function createChunkWriter(
  id: string,
  { model, created, includeUsage, choices: wanted, legacyCalls }: StreamTerms,
) {
  const common = JSON.stringify({ id, object: 'chat.completion.chunk', created, model })
  const head = `data: ${common.slice(0, -1)},"choices":[`
  const usageTail = includeUsage ? ',"usage":null}\n\n' : '}\n\n'
  const tail = `,"finish_reason":null}]${usageTail}`
  const textTail = flat('}', tail)
  const choices = new Map<number, Choice>()
  const sources = new Set<string>()
  let sourcesTold = 0

  function choiceOf(index: number): Choice {
    const known = choices.get(index)
    if (known) return known
    const own = `${head}{"index":${index},"delta":`
    const choice = {
      head: own,
      textHead: flat(own, '{"content":'),
      isBegun: false,
      isFinished: false,
      calls: 0,
      pending: undefined,
      given: '',
    }
    choices.set(index, choice)
    return choice
  }

  /** A chunk with some members of a delta, after the role if that was not told yet. */
  function chunk(choice: Choice, members: string): string {
    if (choice.isBegun) return `${choice.head}{${members}}${tail}`
    choice.isBegun = true
    return `${choice.head}{${ROLE},${members}}${tail}`
  }

  function text(choice: Choice, said: string, logprobs: readonly Logprob[] | undefined): string {
    if (choice.isBegun && !logprobs) return choice.textHead + quote(said) + textTail
    const role = choice.isBegun ? '' : '"role":"assistant",'
    choice.isBegun = true
    const told = logprobs
      ? `,"logprobs":${JSON.stringify({ content: logprobs, refusal: null })}`
      : ''
    return `${choice.head}{${role}"content":${JSON.stringify(said)}}${told}${tail}`
  }

  /** Somebody who waits for a long call learns at once that there is an answer. */
  function begin(choice: Choice, event: CallEvent): string {
    choice.pending = event
    if (choice.isBegun) return ''
    choice.isBegun = true
    return `${choice.head}{${ROLE}}${tail}`
  }

  function settle(choice: Choice): string {
    const { pending, given } = choice
    if (!pending) return ''
    choice.pending = undefined
    choice.given = ''
    const index = choice.calls++
    const { id: callId, name, custom } = pending
    if (legacyCalls)
      return chunk(choice, `"function_call":${JSON.stringify({ name, arguments: given || '{}' })}`)
    const call = custom
      ? { index, id: callId, type: 'custom', custom: { name, input: given } }
      : { index, id: callId, type: 'function', function: { name, arguments: given || '{}' } }
    return chunk(choice, `"tool_calls":[${JSON.stringify(call)}]`)
  }

  function finish(choice: Choice, said: string): string {
    if (choice.isFinished) return ''
    choice.isFinished = true
    const reason = reasonFor(said, legacyCalls)
    const first = choice.isBegun ? '' : `${choice.head}{"role":"assistant","content":""}${tail}`
    const told = [...sources].slice(sourcesTold)
    sourcesTold = sources.size
    const citations = told.length > 0 ? `,"citations":${JSON.stringify(told)}` : ''
    return `${first}${choice.head}{},"finish_reason":"${reason}"}]${citations}${usageTail}`
  }

  function said(choice: Choice, event: Exclude<TurnEvent, { readonly type: 'usage' }>): string {
    switch (event.type) {
      case 'text':
        return text(choice, event.text, event.logprobs)
      case 'thinking':
        return chunk(choice, `"reasoning_content":${JSON.stringify(event.text)}`)
      case 'refusal':
        return chunk(choice, `"refusal":${JSON.stringify(event.text)}`)
      case 'citation':
        sources.add(event.citation.url)
        return chunk(choice, `"annotations":[${JSON.stringify(toAnnotation(event.citation))}]`)
      case 'call':
        return begin(choice, event)
      case 'arguments':
        choice.given += event.text
        return ''
      case 'finish':
        return finish(choice, event.reason)
      case 'hosted':
        for (const url of sourcesOf(event.item)) sources.add(url)
        return ''
      case 'thought':
        return ''
    }
  }

  return {
    /** The chunks for an event. */
    write(event: Exclude<TurnEvent, { readonly type: 'usage' }>): string {
      const choice = choiceOf(event.choice)
      if (!choice.pending || event.type === 'arguments') return said(choice, event)
      return settle(choice) + said(choice, event)
    },

    /** All was said: what is missing of an honest end, and `[DONE]`. */
    end(usage: () => Usage): string {
      let out = ''
      for (let index = 0; index < wanted; index++) choiceOf(index)
      for (const choice of choices.values()) {
        out += settle(choice)
        const called = { tools: choice.calls > 0, legacyFunction: false }
        out += finish(choice, finishReason(undefined, called))
      }
      if (includeUsage) out += `${head}],"usage":${JSON.stringify(toChatUsage(usage()))}}\n\n`
      return `${out}data: [DONE]\n\n`
    },
  }
}

const ROLE = '"role":"assistant","content":""'
