import { isText } from '../../json-value'
import { encodeChatRequest } from '../../turn/chat/request'
import type { EncodedRequest } from '../../turn/encoded-request'
import { nativeResponsesBody } from '../../turn/responses/native-request'
import { encodeResponsesRequest } from '../../turn/responses/request'
import { unmarkThought } from '../thought-mark'
import type { ResponsesAsk, Translated, UpstreamCall } from '../upstream'
import type { OpenAiQuirks } from './openai'

/** A body for an upstream, and what its answer has to be read by. */
interface Written {
  readonly body: string
  readonly translated: Translated
}

/** The body of a call for a server that speaks chat only. */
export const toChat = (call: UpstreamCall): Written =>
  written(
    encodeChatRequest(
      { ...call.ask.turn(), model: call.model },
      { stream: call.stream, efforts: effortsOf(call) },
    ),
  )

/** The body of a chat for a server that speaks the Responses API only. */
export const toResponses = (call: UpstreamCall): Written =>
  written(
    encodeResponsesRequest(call.ask.turn(), {
      stream: call.stream,
      model: call.model,
      efforts: effortsOf(call),
    }),
  )

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

const written = ({ body, ...translated }: EncodedRequest): Written => ({ body, translated })

/** How long a model can be told to think, as xAI's list says it; others say nothing. */
export function effortsOf({ listed }: UpstreamCall): readonly string[] | undefined {
  const capabilities = listed()?.capabilities as { reasoning_effort?: unknown } | null | undefined
  const efforts = capabilities?.reasoning_effort
  return Array.isArray(efforts) && efforts.length > 0 ? efforts.map(String) : undefined
}
