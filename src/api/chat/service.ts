import { conversationOf } from '../../dispatch/conversation'
import type { Dispatch } from '../../dispatch/dispatch'
import type { Dialect } from '../../dispatch/turn'
import { ApiError } from '../../errors'
import type { Admission } from '../../http/admission'
import type { Body } from '../../http/body'
import type { Demand } from '../../http/demand'
import type { KeyCaller } from '../../http/key-handlers'
import { answerResponse } from '../../http/served'
import { checkMetadata } from '../../state/metadata'
import type { Said } from '../../state/said'
import type { LedgerEntry } from '../../store/ledger'
import type { Settings } from '../../store/settings'
import { decodeChat, isLegacy } from '../../turn/chat/decode'
import { createChatEncoder } from '../../turn/chat/encode'
import { farewell } from '../../turn/chat/farewell'
import { mendAnswer } from '../../turn/chat/native-answer'
import { createNativeStream, type StreamTerms } from '../../turn/chat/native-stream'
import type { ChatRequest } from '../../turn/chat/schema'
import { withoutThoughts } from '../../turn/chat/think-tags'
import { promptBytes } from '../../turn/prompt-bytes'
import { createKeeping } from './keeping'

interface ChatParts {
  readonly dispatch: Dispatch
  readonly admission: Admission
  readonly completions: Said['completions']
  readonly settings: () => Settings
  readonly newId: () => string
  readonly now: () => number
}

/** The endpoint, as the ledger names it. */
const ENDPOINT = 'chat.completions'

/** `POST /v1/chat/completions` behind its route. */
export function createChat(parts: ChatParts) {
  const { dispatch, admission, completions, settings, newId, now } = parts

  const termsOf = (
    value: ChatRequest,
    bytes: number,
    { show_thinking, think_tags }: Settings,
  ): StreamTerms => ({
    model: value.model,
    includeUsage: value.stream_options?.include_usage === true,
    choices: value.n ?? 1,
    showThinking: show_thinking && value.reasoning_effort !== 'none',
    thinkTags: think_tags,
    legacyCalls: isLegacy(value),
    promptBytes: bytes,
    newId,
    created: Math.floor(now() / 1000),
  })

  return {
    async complete(
      body: Body<ChatRequest>,
      { key, requestId, conversation, origin, signal }: KeyCaller,
    ): Promise<Response> {
      try {
        const { text, value } = body
        refuseUnclear(value)
        const entered = admission.enter(key, demandOf(body, requestId))
        const ticket = entered instanceof Promise ? await entered : entered
        const current = settings()
        const bytes = promptBytes(text)
        const stream = value.stream === true
        const terms = termsOf(value, bytes, current)
        const asked = current.think_tags ? withoutThoughts(body) : body
        const keeping =
          value.store === true
            ? createKeeping({ completions, keyId: key.id, request: value, terms })
            : undefined
        const { answer, by } = await dispatch.answer({
          requestId,
          key,
          endpoint: ENDPOINT,
          model: value.model,
          ask: {
            dialect: 'chat',
            request: asked,
            turn: () => decodeChat(asked.value, value.model),
          },
          stream,
          dialect: keeping ? keeping.dialect : dialectOf(terms, stream),
          text,
          promptBytes: bytes,
          conversation: conversationOf(value, key.id, conversation),
          origin,
          signal,
          settings: current,
          onEnd: keeping ? both(ticket.settle, keeping.end) : ticket.settle,
        })
        return answerResponse(answer, by)
      } finally {
        body.release()
      }
    },
  }
}

export type Chat = ReturnType<typeof createChat>

const both =
  (first: (entry: LedgerEntry) => void, second: (entry: LedgerEntry) => void) =>
  (entry: LedgerEntry): void => {
    first(entry)
    second(entry)
  }

const dialectOf = (terms: StreamTerms, stream: boolean): Dialect => ({
  encoder: () => createChatEncoder(terms, { stream, whole: !stream }),
  failure: farewell,
  native: thinksAloud(terms)
    ? undefined
    : {
        stream: () => createNativeStream(terms),
        answer: (text) => mendAnswer(text, terms),
      },
  endsBroken: false,
})

/** Thinking that moves into the content changes every chunk: such an answer is read and written anew. */
const thinksAloud = ({ showThinking, thinkTags }: StreamTerms): boolean =>
  showThinking && thinkTags === true

function demandOf({ text, value }: Body<ChatRequest>, requestId: string): Demand {
  const { model, n, max_completion_tokens: newer, max_tokens: older } = value
  return {
    requestId,
    endpoint: ENDPOINT,
    stream: value.stream === true,
    model,
    feature: 'chat',
    text,
    maxOutput: Math.max(0, newer ?? older ?? 0) * (n ?? 1),
  }
}

/** What OpenAI's schema allows and its API refuses. */
function refuseUnclear(request: ChatRequest) {
  const { response_format: format, stream_options: options, stream } = request
  if (request.store === true) checkMetadata(request.metadata)
  if (format?.type === 'json_schema' && !format.json_schema?.schema)
    throw new ApiError('invalid_value', "'response_format.json_schema.schema' is missing.", {
      param: 'response_format.json_schema.schema',
    })
  if (options && stream !== true)
    throw new ApiError('invalid_value', "'stream_options' is only allowed when 'stream' is true.", {
      param: 'stream_options',
    })
}
