import { conversationOf, type Opening } from '../../dispatch/conversation'
import type { Turn } from '../../dispatch/turn'
import { ApiError } from '../../errors'
import type { Demand } from '../../http/demand'
import type { Account } from '../../pool/account'
import type { Key } from '../../store/keys'
import type { Settings } from '../../store/settings'
import { promptBytes } from '../../turn/prompt-bytes'
import { decodeResponses } from '../../turn/responses/decode'
import { createResponsesEncoder, type ResponsesEncoder } from '../../turn/responses/encoder'
import type { ResponsesRequest } from '../../turn/responses/schema'
import { skeletonOf } from '../../turn/responses/skeleton'
import { truncate } from '../../turn/responses/truncate'
import { markThought } from '../../upstream/thought-mark'
import type { Context } from './context'

/** The endpoint, as the ledger names it. */
export const ENDPOINT = 'responses'

interface TurnParts {
  /** How many tokens a model takes, question and answer together, where its upstream says so. */
  readonly windowOf: (model: string) => number | undefined
  readonly newId: () => string
  readonly now: () => number
}

/** A request that is ready to be asked. */
export interface Prepared {
  readonly id: string
  readonly request: ResponsesRequest
  readonly context: Context
  readonly text: string
  readonly affinity: number
  readonly turn: Omit<Turn, 'onEnd' | 'signal'>
  /** What writes the answer: that of the attempt that is under way, or was last. */
  readonly encoder: () => ResponsesEncoder
}

interface Asking {
  readonly request: ResponsesRequest
  readonly context: Context
  readonly key: Key
  readonly requestId: string
  /** The header `x-grok-conv-id`. */
  readonly conversation: string | null
  readonly origin: () => string
  readonly settings: Settings
  /** Of a turn that was begun before: what its response is called, and when it was asked for. */
  readonly id?: string
  readonly createdAt?: number
}

/** Makes turns of requests of the Responses API. */
export const createTurns =
  ({ windowOf, newId, now }: TurnParts) =>
  (asking: Asking): Prepared => {
    const { request, context, key, requestId, settings } = asking
    const { model } = request
    const items = fitting(request, context.items, windowOf(model))
    const id = asking.id ?? `resp_${newId()}`
    const affinity =
      context.affinity ??
      conversationOf(openingOf(request, context.items), key.id, asking.conversation)
    const text = JSON.stringify({ ...request, input: items })
    const bytes = promptBytes(text)
    const isStream = request.stream === true
    const seconds = () => Math.floor(now() / 1000)
    const terms = {
      id,
      createdAt: asking.createdAt === undefined ? seconds() : Math.floor(asking.createdAt / 1000),
      newId,
      skeleton: skeletonOf(request),
      includeLogprobs: request.include?.includes('message.output_text.logprobs') === true,
      showThinking: settings.show_thinking && request.reasoning?.effort !== 'none',
      now: seconds,
      includeEncrypted: request.include?.includes('reasoning.encrypted_content') === true,
      promptBytes: bytes,
      stream: isStream || request.background === true,
      background: request.background === true,
    }
    const open = (account?: Account) =>
      createResponsesEncoder({
        ...terms,
        ...(account && {
          sealThought: (encrypted: string) => markThought(account.id, encrypted),
        }),
      })
    let encoder: ResponsesEncoder | undefined
    const current = () => {
      encoder ??= open()
      return encoder
    }
    return {
      id,
      request,
      context,
      text,
      affinity,
      encoder: current,
      turn: {
        requestId,
        key,
        endpoint: ENDPOINT,
        model,
        ask: {
          dialect: 'responses',
          request,
          items,
          turn: () => decodeResponses(request, items, model),
        },
        stream: terms.stream,
        dialect: {
          encoder(account) {
            encoder = open(account)
            return encoder
          },
          // Of what an attempt said that came to nothing, the client was told nothing.
          failure(error) {
            encoder = open()
            return encoder.fail(error)
          },
          endsBroken: true,
        },
        text,
        promptBytes: bytes,
        conversation: affinity,
        origin: asking.origin,
        settings,
      },
    }
  }

/** A part of the window that is left for the answer when nobody says how long it may be. */
const ANSWER_SHARE = 1 / 8

/** The items of a turn, the oldest left out where the client wants it so and they do not fit. */
function fitting(
  request: ResponsesRequest,
  items: Context['items'],
  window: number | undefined,
): Context['items'] {
  if (request.truncation !== 'auto' || window === undefined) return items
  const { instructions, tools, max_output_tokens: wanted } = request
  const said = JSON.stringify([instructions, tools]).length / BYTES_A_TOKEN
  return truncate(items, window - said - (wanted ?? window * ANSWER_SHARE))
}

const BYTES_A_TOKEN = 4

export type Turns = ReturnType<typeof createTurns>

/** What a turn takes of its key's limits, as far as it tells. */
export const demandOf = ({ request, text, turn }: Prepared): Demand => ({
  requestId: turn.requestId,
  endpoint: ENDPOINT,
  stream: turn.stream,
  model: request.model,
  feature: 'chat',
  text,
  maxOutput: request.max_output_tokens ?? 0,
})

/** What a conversation begins with, as a chat would say it. */
function openingOf(
  { prompt_cache_key, instructions }: ResponsesRequest,
  items: Context['items'],
): Opening {
  const said = items.flatMap(({ role, content }) => (role ? [{ role, content }] : []))
  const first = instructions ? [{ role: 'system', content: instructions }] : []
  return { prompt_cache_key, messages: [...first, ...said] }
}

/** What OpenAI's schema allows and its API refuses. */
export function refuseUnclear(request: ResponsesRequest): void {
  const { background, store, stream, stream_options: options, input } = request
  if ('prompt' in request && request.prompt)
    throw new ApiError('unsupported_parameter', "There are no stored prompts here: send 'input'.", {
      param: 'prompt',
    })
  if (!input?.length && !request.previous_response_id && !request.conversation)
    throw new ApiError('invalid_value', "There is nothing to answer: send 'input'.", {
      param: 'input',
    })
  if (background === true && store === false)
    throw new ApiError(
      'invalid_value',
      "'background' needs 'store': nothing else keeps the answer.",
      {
        param: 'background',
      },
    )
  if (options && stream !== true)
    throw new ApiError('invalid_value', "'stream_options' is only allowed when 'stream' is true.", {
      param: 'stream_options',
    })
}
