import { UpstreamFault } from '../../errors'
import { isObject, type Json, parseObject } from '../../json-value'
import { createEventReader } from '../../stream/sse'
import { readInBandFault } from '../chat/in-band-fault'
import type { DecoderTerms, TurnDecoder } from '../codec'
import type { TurnEvent } from '../event'
import { type DeltaTemplate, learnDelta, matchDelta } from './delta-template'
import { createResponseReader } from './response-reader'

/** The last event of a stream, by how it says that it ended. */
const LAST: Readonly<Record<string, string>> = {
  'response.completed': 'completed',
  'response.done': 'completed',
  'response.incomplete': 'incomplete',
  'response.failed': 'failed',
  'response.cancelled': 'cancelled',
}

/** What says nothing that the item itself does not say: it need not be read. */
const SILENT = new Set(['response.in_progress', 'response.content_part.added'])
const DELTA = 'response.output_text.delta'
/** Whatever is longer is no mark of the end. */
const SHORT = 20
const NOTHING: readonly TurnEvent[] = []

/** Reads an upstream's stream of the Responses API as events. */
export function createResponsesDecoder(terms: DecoderTerms): TurnDecoder {
  let events: TurnEvent[] = []
  let done = false
  let fault: UpstreamFault | undefined
  const response = createResponseReader(terms, (event) => {
    events.push(event)
  })
  let template: DeltaTemplate | undefined
  const reader = createEventReader(event)

  function event(data: string, name?: string) {
    if (done || fault) return
    if (template) {
      const delta = matchDelta(template, data)
      if (delta !== undefined) {
        template.event.delta = delta
        return response.take(DELTA, template.event)
      }
    }
    if (data.length < SHORT && data.trim() === '[DONE]') return stop()
    if (name !== undefined && SILENT.has(name)) return
    const value = parseObject(data)
    // One bad event between good ones is no reason to end an answer.
    if (!value) return
    take(value, name)
    if (value.type === DELTA) template = learnDelta(data)
  }

  function take(value: Json, name?: string) {
    fault = readInBandFault(value, name)
    if (fault) return
    const type = typeof value.type === 'string' ? value.type : (name ?? '')
    const ended = LAST[type]
    if (ended === undefined) return response.take(type, value)
    const whole = isObject(value.response) ? value.response : {}
    const { status = ended } = whole
    finish(whole, status === 'in_progress' ? ended : status)
  }

  /** An end without a last word: good if there is an answer. */
  function stop() {
    if (response.any()) finish({}, 'completed')
  }

  function finish(whole: Json, status: unknown) {
    fault = response.end(whole, status)
    done = fault === undefined
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
      if (!done && !fault) fault = new UpstreamFault('broken', 'The upstream broke off its answer.')
      return drain()
    },

    fault: () => fault,

    isDone: () => done,
  }
}

/**
 * Read an upstream's whole Response as events.
 *
 * @throws UpstreamFault when it is no answer, or one that failed
 */
export function decodeResponsesAnswer(text: string, terms: DecoderTerms): readonly TurnEvent[] {
  const answer = parseObject(text)
  if (!answer)
    throw new UpstreamFault('malformed', 'The upstream answered something that is not JSON.')
  const told = answer.object === 'response' ? undefined : readInBandFault(answer)
  if (told) throw told
  const events: TurnEvent[] = []
  const reader = createResponseReader(terms, (event) => {
    events.push(event)
  })
  const fault = reader.end(answer, answer.status ?? 'completed')
  if (fault) throw fault
  return events
}
