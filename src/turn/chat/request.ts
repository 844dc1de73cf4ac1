import { describeCustom } from '../custom-tool'
import { nearestEffort } from '../effort'
import type { EncodedRequest } from '../encoded-request'
import { findChosen, type OwnTool, offerOwn } from '../offer'
import type { TurnFormat, TurnRequest } from '../request'
import { createToolNaming, identify, type ToolNaming } from '../tool-names'
import { writeMessages } from './written-messages'

interface Options {
  readonly stream: boolean
  /** How long the model can be told to think, where the server says so. */
  readonly efforts?: readonly string[] | undefined
}

/**
 * Write a turn as a chat request, for a server that speaks nothing else.
 *
 * @throws UpstreamFault when the turn cannot do without what chat has not
 */
export function encodeChatRequest(turn: TurnRequest, options: Options): EncodedRequest {
  const { stream, efforts = EFFORTS } = options
  const offer = offerOwn(turn)
  const naming = createToolNaming(turn.tools, false)
  const dropped = new Set<string>()
  for (const tool of turn.tools) if (tool.type === 'hosted') dropped.add(tool.tool.type)
  const written = offer.tools.map((tool) => writeTool(tool, naming))
  const hasTools = written.length > 0
  const messages = writeMessages(turn.items, { nameOf: naming.of, dropped })
  const body = {
    model: turn.model,
    messages,
    stream,
    stream_options: stream ? { include_usage: true } : undefined,
    tools: hasTools ? written : undefined,
    tool_choice: hasTools ? writeChoice(offer, naming) : undefined,
    parallel_tool_calls: hasTools && !turn.parallelToolCalls ? false : undefined,
    response_format: writeFormat(turn.format),
    reasoning_effort: nearestEffort(turn.effort, efforts),
    verbosity: turn.verbosity,
    // Ollama, LM Studio, older llama.cpp and others know only this name of the limit, and would write
    // on for ever at the newer one. Those that want the newer name are OpenAI's own models.
    max_tokens: turn.maxTokens,
    temperature: turn.temperature,
    top_p: turn.topP,
    frequency_penalty: turn.frequencyPenalty,
    presence_penalty: turn.presencePenalty,
    // xAI takes a list only, and all others do too.
    stop: turn.stop.length > 0 ? turn.stop : undefined,
    n: turn.choices > 1 ? turn.choices : undefined,
    seed: turn.seed,
    logprobs: turn.logprobs === undefined ? undefined : true,
    top_logprobs: turn.logprobs || undefined,
    prompt_cache_key: turn.cacheKey,
    user: turn.user,
    service_tier: turn.serviceTier,
  }
  return { body: JSON.stringify(body), names: naming.names, dropped: [...dropped] }
}

/** What every server takes that knows the field at all; the other words are refused by many. */
const EFFORTS: readonly string[] = ['none', 'low', 'medium', 'high']

function writeTool(tool: OwnTool, naming: ToolNaming): object {
  const name = naming.of(identify(tool))
  if (tool.type === 'custom')
    return { type: 'function', function: { name, ...describeCustom(tool) } }
  const { description, parameters, strict } = tool
  return {
    type: 'function',
    function: { name, description: description || undefined, parameters, strict },
  }
}

/** `auto` goes without saying where there are tools. */
function writeChoice(
  { tools, choice }: ReturnType<typeof offerOwn>,
  naming: ToolNaming,
): object | string | undefined {
  if (choice === 'auto') return
  if (typeof choice === 'string') return choice
  const chosen = findChosen(tools, choice)
  return chosen && { type: 'function', function: { name: naming.of(identify(chosen)) } }
}

function writeFormat(format: TurnFormat): object | undefined {
  if (format.type === 'text') return
  if (format.type === 'json') return { type: 'json_object' }
  const { name, description, schema, strict } = format
  return { type: 'json_schema', json_schema: { name, description, schema, strict } }
}
