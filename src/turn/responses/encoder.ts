import type { ApiError } from '../../errors'
import type { Json } from '../../json-value'
import type { TurnEncoder } from '../codec'
import type { FinishReason } from '../event'
import { estimatedUsage, type Usage } from '../usage'
import { createEventWriter } from './event-writer'
import { createOutput } from './output'
import { type ResponseError, responseError } from './response-error'
import { saidBytes } from './response-items'
import { createTape } from './tape'
import { toResponseUsage } from './usage'

/** What an answer is written by. */
export interface ResponseTerms {
  readonly id: string
  /** Seconds since 1970. */
  readonly createdAt: number
  readonly newId: () => string
  /** All of the Response that the request decides: `skeletonOf`. */
  readonly skeleton: Json
  /** Seconds since 1970. */
  readonly now: () => number
  /** Whether the client asked for what only the upstream can read. */
  readonly includeEncrypted: boolean
  readonly includeLogprobs?: boolean
  /** Whether the client is told what the model thinks; it is unless this is false. */
  readonly showThinking?: boolean
  /** UTF-8 bytes of the prompt: for an estimate where the upstream gives no usage. */
  readonly promptBytes: number
  /** Whether anyone may ever read it as a stream. */
  readonly stream: boolean
  readonly background: boolean
  /** Mark whose it is, what only the upstream can read. */
  readonly sealThought?: (encrypted: string) => string
  /** Ids of output items, where they are known already. */
  readonly ids?: (prefix: string) => string
  /** The number of the last event that the reader already has. */
  readonly after?: number
}

/** Writes one answer of the Responses API. */
export interface ResponsesEncoder extends TurnEncoder {
  /** A background turn waits for its turn: the events before it begins. */
  queue(): string
  /** The turn begins. The first event does so by itself. */
  begin(): string
  /** The client gave it up. Gives the last events. */
  cancel(): string
  /** The Response as it is now, to be stored: with thoughts as their upstream can read them. */
  response(): Json
  /** How the stream was cut so far: what `replay` needs. Empty where there is none. */
  tape(): string
}

type Status = 'queued' | 'in_progress' | 'completed' | 'incomplete' | 'failed' | 'cancelled'

const DONE = 'data: [DONE]\n\n'

/** Writes events as the stream of the Responses API that OpenAI documents, and as its answer. */
export function createResponsesEncoder(terms: ResponseTerms): ResponsesEncoder {
  const writer = createEventWriter(terms.stream, terms.after)
  const tape = createTape(terms.stream)
  const skeleton = JSON.stringify(terms.skeleton).slice(1)
  const output = createOutput({
    writer,
    tape,
    newId: terms.newId,
    idOf: terms.ids ?? ((prefix) => prefix + terms.newId()),
    includeEncrypted: terms.includeEncrypted,
    includeLogprobs: terms.includeLogprobs === true,
    showThinking: terms.showThinking !== false,
    sealThought: terms.sealThought ?? ((encrypted) => encrypted),
  })
  let status: Status = terms.background ? 'queued' : 'in_progress'
  let queued = false
  let begun = false
  let ended = false
  let finish: FinishReason | undefined
  let reported: Usage | undefined
  let error: ResponseError | null = null
  let completedAt: number | null = null

  const isCut = () => finish === 'length' || finish === 'content_filter'
  const usage = (): Usage =>
    reported ?? estimatedUsage(terms.promptBytes, saidBytes(output.items()))

  function usageNow() {
    if (status === 'completed' || status === 'incomplete') return toResponseUsage(usage())
    return ended && reported ? toResponseUsage(reported) : null
  }

  const head = () => ({
    id: terms.id,
    object: 'response',
    created_at: terms.createdAt,
    status,
    completed_at: completedAt,
    error,
    incomplete_details:
      status === 'incomplete'
        ? { reason: finish === 'length' ? 'max_output_tokens' : 'content_filter' }
        : null,
  })

  function answer(): string {
    const before = JSON.stringify(head()).slice(0, -1)
    const rest = skeleton === '}' ? skeleton : `,${skeleton}`
    return `${before},"output":${output.json()},"usage":${JSON.stringify(usageNow())}${rest}`
  }

  const lifecycle = (type: string): string =>
    writer.live ? writer.event(`response.${type}`, `,"response":${answer()}`) : ''

  function queue(): string {
    if (queued) return ''
    queued = true
    const created = lifecycle('created')
    return terms.background ? created + lifecycle('queued') : created
  }

  function begin(): string {
    if (begun) return ''
    const before = queue()
    begun = true
    status = 'in_progress'
    return before + lifecycle('in_progress')
  }

  /** The last events: of what is open, then the one that says how it ended. */
  function over(as: Status, event: string, last: () => string = () => ''): string {
    if (ended) return ''
    const before = begin() + output.close(as === 'completed' ? as : 'incomplete') + last()
    ended = true
    status = as
    if (as === 'completed') completedAt = terms.now()
    return before + lifecycle(event)
  }

  return {
    queue,
    begin,

    push(event) {
      if (ended) return ''
      if (event.type === 'usage') {
        reported = event.usage
        return ''
      }
      if (event.choice !== 0) return ''
      if (event.type === 'finish') {
        finish = event.reason
        return ''
      }
      if ('text' in event && event.text === '') return ''
      return begun ? output.write(event) : begin() + output.write(event)
    },

    end() {
      const as = isCut() ? 'incomplete' : 'completed'
      return ended ? '' : over(as, as) + (writer.live ? DONE : '')
    },

    fail(cause) {
      return over('failed', 'failed', () => {
        error = responseError(cause)
        return tellError(cause)
      })
    },

    // OpenAI has no event for it; of those that every client takes, this one tells of no error, so
    // that nobody tries again what was given up.
    cancel: () => (ended ? '' : over('cancelled', 'incomplete') + (writer.live ? DONE : '')),

    response: () => ({
      ...head(),
      output: output.items(),
      usage: usageNow(),
      ...terms.skeleton,
    }),

    answer,
    usage,
    tape: tape.text,
  }

  /** OpenAI's schema has the error's members flat, its SDKs look for them nested. */
  function tellError(cause: ApiError): string {
    const body = cause.toBody().error
    const { type: kind, code, param, message: text } = body
    tape.error({ status: cause.status, type: kind, code, param })
    const flat = JSON.stringify({ code, message: text, param, error: body }).slice(1, -1)
    return writer.event('error', `,${flat}`)
  }
}
