import { isText } from '../../json-value'
import { encodeChatRequest } from '../../turn/chat/request'
import type { EncodedRequest } from '../../turn/encoded-request'
import { nativeResponsesBody } from '../../turn/responses/native-request'
import { encodeResponsesRequest } from '../../turn/responses/request'
import { unmarkThought } from '../thought-mark'
import { findUnsaid } from '../unsaid'
import type { ResponsesAsk, Translated, UpstreamCall } from '../upstream'
import type { OpenAiQuirks } from './openai'

/** A body for an upstream, and what its answer has to be read by. */
interface Written {
  readonly body: string
  readonly translated: Translated
}

/** The body of a call for a server that speaks chat only. */
export const toChat = (call: UpstreamCall): Written =>
  retold(
    call,
    NOT_IN_CHAT,
    encodeChatRequest(
      { ...call.ask.turn(), model: call.model },
      { stream: call.stream, efforts: effortsOf(call) },
    ),
  )

const NOT_IN_CHAT: ReadonlySet<string> = new Set([
  'video_config',
  'include.web_search_call.action.sources',
  'include.code_interpreter_call.outputs',
])

/** The body of a chat for a server that speaks the Responses API only. */
export const toResponses = (call: UpstreamCall): Written =>
  retold(
    call,
    NOT_IN_RESPONSES,
    encodeResponsesRequest(call.ask.turn(), {
      stream: call.stream,
      model: call.model,
      efforts: effortsOf(call),
    }),
  )

const NOT_IN_RESPONSES: ReadonlySet<string> = new Set([
  'stop',
  'seed',
  'frequency_penalty',
  'presence_penalty',
  'video_config',
])

interface OwnTerms extends OpenAiQuirks {
  /** Whether thoughts of earlier turns go along. */
  readonly thoughts: boolean
}

/** The body of a turn of the Responses API for a server that speaks it too. */
export function toOwnResponses(
  call: UpstreamCall,
  { request, items }: ResponsesAsk,
  { functionsOnly = false, mendResponses, thoughts }: OwnTerms,
): Written {
  const { dropped, ...rest } = nativeResponsesBody(request, items, {
    stream: call.stream,
    model: call.model,
    efforts: effortsOf(call),
    functionsOnly,
    keepThought: (encrypted) => (thoughts ? unmarkThought(call.account.id, encrypted) : undefined),
    mend: mendResponses,
  })
  return written({ ...rest, dropped: thoughts ? dropped : [...dropped, 'reasoning'] })
}

/** Whether a call may bring its server thoughts of earlier turns that only their upstream can read. */
export const sendsThoughts = ({ ask, account }: UpstreamCall): boolean =>
  ask.dialect === 'responses' &&
  account.api !== 'chat' &&
  ask.items.some(({ type, encrypted_content: sealed }) => type === 'reasoning' && isText(sealed))

/** What was written in other words than the client's, and what these could not say. */
const retold = (
  { ask }: UpstreamCall,
  lacking: ReadonlySet<string>,
  encoded: EncodedRequest,
): Written => written({ ...encoded, dropped: [...findUnsaid(ask, lacking), ...encoded.dropped] })

const written = ({ body, ...translated }: EncodedRequest): Written => ({ body, translated })

/** How long a model can be told to think, as xAI's list says it; others say nothing. */
export function effortsOf({ listed }: UpstreamCall): readonly string[] | undefined {
  const capabilities = listed()?.capabilities as { reasoning_effort?: unknown } | null | undefined
  const efforts = capabilities?.reasoning_effort
  return Array.isArray(efforts) && efforts.length > 0 ? efforts.map(String) : undefined
}
