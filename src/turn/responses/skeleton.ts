import { isObject, isText, type Json } from '../../json-value'
import type { ResponsesRequest } from './schema'

const TIERS: ReadonlySet<unknown> = new Set([
  'default',
  'flex',
  'scale',
  'priority',
  'fast',
  'ultrafast',
])

/**
 * All of a Response that its request decides: what it said, and OpenAI's defaults for what it left
 * out, so that every key is always there.
 *
 * @param known what is known better than the request says it
 */
export function skeletonOf(request: ResponsesRequest, known: Json = {}): Json {
  return {
    model: request.model,
    instructions: request.instructions ?? null,
    previous_response_id: request.previous_response_id ?? null,
    conversation: readConversation(request.conversation),
    tools: (request.tools ?? []).map(echoTool),
    tool_choice: request.tool_choice ?? 'auto',
    parallel_tool_calls: request.parallel_tool_calls ?? true,
    max_output_tokens: request.max_output_tokens ?? null,
    max_tool_calls: request.max_tool_calls ?? null,
    reasoning: { ...request.reasoning, ...echoReasoning(request.reasoning) },
    text: echoText(request.text),
    temperature: request.temperature ?? 1,
    top_p: request.top_p ?? 1,
    top_logprobs: request.top_logprobs ?? 0,
    presence_penalty: numberOf(request, 'presence_penalty'),
    frequency_penalty: numberOf(request, 'frequency_penalty'),
    truncation: request.truncation ?? 'disabled',
    store: request.store ?? true,
    background: request.background ?? false,
    service_tier: TIERS.has(request.service_tier) ? request.service_tier : 'default',
    metadata: request.metadata ?? {},
    prompt_cache_key: request.prompt_cache_key ?? null,
    safety_identifier: request.safety_identifier ?? null,
    user: request.user ?? null,
    ...known,
  }
}

const readConversation = (conversation: ResponsesRequest['conversation']) => {
  if (typeof conversation === 'string') return { id: conversation }
  return conversation ? { id: conversation.id } : null
}

/** What lets a server's tools be used is never shown again, and so never stored. */
const SECRET = new Set(['authorization', 'headers'])

function echoTool(tool: Json): Json {
  if (tool.type === 'function')
    return {
      ...tool,
      description: tool.description ?? null,
      parameters: tool.parameters ?? null,
      strict: tool.strict ?? null,
    }
  const open = Object.entries(tool).filter(([key, value]) => value !== null && !SECRET.has(key))
  return Object.fromEntries(open)
}

const echoReasoning = (reasoning: ResponsesRequest['reasoning']) => ({
  effort: reasoning?.effort ?? null,
  summary: reasoning?.summary ?? null,
})

function echoText(text: ResponsesRequest['text']): Json {
  const { format, verbosity } = text ?? {}
  return { format: echoFormat(format), verbosity: verbosity ?? 'medium' }
}

function echoFormat(format: unknown): Json {
  if (!isObject(format)) return { type: 'text' }
  const { type, name, description, schema, strict } = format
  if (type !== 'json_schema') return { type }
  return {
    type,
    name,
    ...(isText(description) && { description }),
    schema,
    strict: strict ?? false,
  }
}

/** Fields without a name in the schema. */
function numberOf(request: Json, key: string): number {
  const value = request[key]
  return typeof value === 'number' ? value : 0
}
