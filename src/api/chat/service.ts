import { type ChatTurn, type Dispatch, ENDPOINT, type Served } from '../../dispatch/dispatch'
import { ApiError } from '../../errors'
import type { Admission } from '../../http/admission'
import type { Body } from '../../http/body'
import type { Demand } from '../../http/demand'
import { servedHeaders } from '../../http/served'
import type { Key } from '../../store/keys'
import type { Settings } from '../../store/settings'
import type { ChatRequest } from '../../turn/chat/schema'
import type { ContentKeeper } from './content'

interface ChatParts {
  readonly dispatch: Dispatch
  readonly admission: Admission
  readonly settings: () => Settings
  readonly content: ContentKeeper
  readonly now: () => number
}

interface ChatCaller {
  readonly key: Key
  readonly requestId: string
  /** The header `x-grok-conv-id`. */
  readonly conversation: string | null
  /** Aborts when the client leaves. */
  readonly signal: AbortSignal
}

/** `POST /v1/chat/completions` behind its route. */
export function createChat({ dispatch, admission, settings, content, now }: ChatParts) {
  /** The same as without, and a copy of what was said. */
  async function chatKept(turn: ChatTurn): Promise<Served> {
    const asked = { requestId: turn.requestId, at: now(), request: turn.request.text }
    try {
      const { answer, by } = await dispatch.chat(turn)
      return { answer: content.answered(asked, answer), by }
    } catch (cause) {
      content.failed(asked, cause)
      throw cause
    }
  }

  return {
    async complete(
      body: Body<ChatRequest>,
      { key, requestId, conversation, signal }: ChatCaller,
    ): Promise<Response> {
      try {
        refuseUnclear(body.value)
        const entered = admission.enter(key, demandOf(body, requestId))
        const ticket = entered instanceof Promise ? await entered : entered
        const turn = {
          requestId,
          key,
          request: body,
          conversation,
          signal,
          settings: settings(),
          onEnd: ticket.settle,
        }
        const isKept = turn.settings.keep_content_days > 0
        return respond(await (isKept ? chatKept(turn) : dispatch.chat(turn)))
      } finally {
        body.release()
      }
    },
  }
}

export type Chat = ReturnType<typeof createChat>

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
function refuseUnclear({ response_format: format, stream_options: options, stream }: ChatRequest) {
  if (format?.type === 'json_schema' && !format.json_schema?.schema)
    throw new ApiError('invalid_value', "'response_format.json_schema.schema' is missing.", {
      param: 'response_format.json_schema.schema',
    })
  if (options && stream !== true)
    throw new ApiError('invalid_value', "'stream_options' is only allowed when 'stream' is true.", {
      param: 'stream_options',
    })
}

function respond({ answer: { form, body }, by }: Served): Response {
  const isJson = form === 'json'
  if (!by) return new Response(body as BodyInit, { headers: isJson ? JSON_HEADERS : EVENT_HEADERS })
  const headers = servedHeaders(by)
  if (!isJson) return new Response(body as BodyInit, { headers: { ...headers, ...EVENT_HEADERS } })
  headers['content-type'] = JSON_HEADERS['content-type']
  return new Response(body as BodyInit, { headers })
}

const JSON_HEADERS = { 'content-type': 'application/json' }

/** `x-accel-buffering` keeps nginx from holding a stream back. */
const EVENT_HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache',
  'x-accel-buffering': 'no',
}
