import { UpstreamFault } from '../../errors'
import { isObject, type MutableJson, parseObject } from '../../json-value'
import { createEventReader } from '../../stream/sse'
import type { DecoderTerms, TurnDecoder } from '../codec'
import type { TurnEvent } from '../event'
import { unquote } from '../json-text'
import { includeReasoning, readChatUsage } from '../usage'
import { type ChoiceDecoder, createChoiceDecoder } from './choice-decoder'
import { missingChoices } from './choices'
import { type ContentTemplate, learnTemplate, matchTemplate } from './content-template'
import { readInBandFault } from './in-band-fault'

const NOTHING: readonly TurnEvent[] = []

/**
 * Reads an upstream's chat stream as events.
 *
 * A choice is said to be finished when the stream ends: upstreams send sources, and further text,
 * after a finish reason.
 */
export function createChatDecoder(terms: DecoderTerms): TurnDecoder {
  const choices = new Map<number, ChoiceDecoder>()
  let events: TurnEvent[] = []
  let template: ContentTemplate | undefined
  /** The choice that the template's chunks belong to. */
  let speaker: ChoiceDecoder | undefined
  let usage: MutableJson | undefined
  let sources: readonly unknown[] = []
  let done = false
  let fault: UpstreamFault | undefined
  const reader = createEventReader(event)
  const parts = { terms, cited: new Set<string>(), emit }

  function emit(event: TurnEvent) {
    events.push(event)
  }

  function event(data: string, name?: string) {
    if (done || fault) return
    if (template && speaker) {
      const content = matchTemplate(template, data)
      if (content !== undefined) {
        if (content !== '') speaker.say(unquote(content))
        return
      }
    }
    if (data.trim() === '[DONE]') return finish()
    const chunk = parseObject(data)
    // One bad event between good ones is no reason to end an answer.
    if (chunk) take(chunk, data, name)
  }

  function take(chunk: MutableJson, data: string, name?: string) {
    const told = readInBandFault(chunk, name)
    if (told) return fail(told)
    if (isObject(chunk.usage)) usage = chunk.usage
    if (Array.isArray(chunk.citations)) sources = chunk.citations
    const list = Array.isArray(chunk.choices) ? (chunk.choices as unknown[]) : []
    for (const [position, item] of list.entries()) {
      const entry = isObject(item) ? item : {}
      const choice = choiceOf(Number.isInteger(entry.index) ? (entry.index as number) : position)
      const bare = choice.take(entry)
      const mixedUp = choice.fault()
      if (mixedUp) return fail(mixedUp)
      if (template || !bare || list.length > 1) continue
      template = learnTemplate(data, undefined)
      speaker = choice
    }
  }

  function choiceOf(index: number): ChoiceDecoder {
    const known = choices.get(index)
    if (known) return known
    const choice = createChoiceDecoder(index, parts)
    choices.set(index, choice)
    return choice
  }

  function finish() {
    const missing = missingChoices(choices.size, terms.choices)
    if (missing) return fail(missing)
    let rest = sources
    for (const choice of choices.values()) {
      choice.end(rest)
      rest = []
    }
    done = true
    tellUsage()
  }

  function fail(why: UpstreamFault) {
    fault = why
    tellUsage()
  }

  function tellUsage() {
    if (!usage) return
    includeReasoning(usage)
    emit({ type: 'usage', usage: readChatUsage(usage) })
  }

  function drain(): readonly TurnEvent[] {
    if (events.length === 0) return NOTHING
    const out = events
    events = []
    return out
  }

  return {
    push(bytes) {
      reader.push(bytes)
      return drain()
    },

    end() {
      reader.end()
      if (!done && !fault) {
        if ([...choices.values()].every((choice) => choice.isWhole())) finish()
        else fail(new UpstreamFault('broken', 'The upstream broke off its answer.'))
      }
      return drain()
    },

    fault: () => fault,

    isDone: () => done,
  }
}
