import { unable } from '../../errors'
import { nearestEffort } from '../effort'
import type { EncodedRequest } from '../encoded-request'
import { offerAll } from '../offer'
import type { TurnFormat, TurnRequest } from '../request'
import { createToolNaming } from '../tool-names'
import { writeItems } from './written-items'
import { writeChoice, writeTool } from './written-tools'

interface Options {
  readonly stream: boolean
  /** The model as the upstream knows it. */
  readonly model: string
  /** How long the model can be told to think, where the server says so. */
  readonly efforts?: readonly string[] | undefined
}

/**
 * Write a turn as a request of the Responses API, for a server that speaks nothing else.
 *
 * @throws UpstreamFault when the turn cannot do without what that API has not
 */
export function encodeResponsesRequest(turn: TurnRequest, options: Options): EncodedRequest {
  if (turn.choices > 1) throw unable('This model gives one answer at a time, not several.', 'n')
  const offer = offerAll(turn)
  const naming = createToolNaming(turn.tools, true)
  const written = offer.tools.map((tool) => writeTool(tool, naming))
  const hasTools = written.length > 0
  const wantsLogprobs = turn.logprobs !== undefined
  const body = {
    model: options.model,
    input: writeItems(turn.items, naming.of),
    stream: options.stream,
    store: false,
    include: wantsLogprobs ? [ENCRYPTED, LOGPROBS] : [ENCRYPTED],
    tools: hasTools ? written : undefined,
    tool_choice: hasTools ? writeChoice(offer, naming) : undefined,
    parallel_tool_calls: hasTools && !turn.parallelToolCalls ? false : undefined,
    reasoning:
      turn.effort === undefined
        ? undefined
        : { effort: nearestEffort(turn.effort, options.efforts) },
    text: writeText(turn),
    max_output_tokens:
      turn.maxTokens === undefined ? undefined : Math.max(turn.maxTokens, LEAST_TOKENS),
    temperature: turn.temperature,
    top_p: turn.topP,
    top_logprobs: turn.logprobs || undefined,
    prompt_cache_key: turn.cacheKey,
    user: turn.user,
    service_tier: turn.serviceTier,
  }
  return { body: JSON.stringify(body), names: naming.names, dropped: [] }
}

/** Only with this can a thought be sent back to a server that keeps nothing. */
export const ENCRYPTED = 'reasoning.encrypted_content'
const LOGPROBS = 'message.output_text.logprobs'

/** OpenAI refuses less, and chat clients ask for a single token to see whether anyone is there. */
const LEAST_TOKENS = 16

function writeText({ format, verbosity }: TurnRequest): object | undefined {
  if (format.type === 'text' && verbosity === undefined) return
  return { format: writeFormat(format), verbosity }
}

function writeFormat(format: TurnFormat): object | undefined {
  if (format.type === 'text') return
  if (format.type === 'json') return { type: 'json_object' }
  const { name, description, schema, strict } = format
  return { type: 'json_schema', name, description, schema, strict }
}
