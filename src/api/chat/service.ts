import type { ChatAnswer } from '../../dispatch/chat-reply'
import type { ChatTurn, Dispatch } from '../../dispatch/dispatch'
import { ApiError } from '../../errors'
import type { Admission } from '../../http/admission'
import type { Body } from '../../http/body'
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
  /** Aborts when the client leaves. */
  readonly signal: AbortSignal
}

/** `POST /v1/chat/completions` behind its route. */
export function createChat({ dispatch, admission, settings, content, now }: ChatParts) {
  /** The same as without, and a copy of what was said. */
  async function chatKept(turn: ChatTurn): Promise<ChatAnswer> {
    const asked = { requestId: turn.requestId, at: now(), request: turn.request.text }
    try {
      return content.answered(asked, await dispatch.chat(turn))
    } catch (cause) {
      content.failed(asked, cause)
      throw cause
    }
  }

  return {
    async complete(
      body: Body<ChatRequest>,
      { key, requestId, signal }: ChatCaller,
    ): Promise<Response> {
      try {
        refuseUnclear(body.value)
        const onEnd = admission.enter(key, body.value.model)
        const turn = {
          requestId,
          keyId: key.id,
          request: body,
          signal,
          settings: settings(),
          onEnd,
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

const respond = ({ form, body }: ChatAnswer): Response =>
  new Response(body as BodyInit, { headers: form === 'json' ? JSON_HEADERS : EVENT_HEADERS })

const JSON_HEADERS = { 'content-type': 'application/json' }

/** `x-accel-buffering` keeps nginx from holding a stream back. */
const EVENT_HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache',
  'x-accel-buffering': 'no',
}
