import { unable } from '../../errors'
import { isObject, type Json } from '../../json-value'
import type { TurnFormat, TurnRequest, TurnTool } from '../request'
import { readToolChoice } from '../tool-choice'
import { readTools } from '../tools'
import { readMessages } from './messages'
import type { ChatRequest } from './schema'

/**
 * Read a chat request into the pivot.
 *
 * @throws ApiError for what the schema cannot say: a tool choice that names no tool, a `tool` message
 * without its call
 * @throws UpstreamFault for an answer that is to be spoken
 */
export function decodeChat(request: ChatRequest, model: string): TurnRequest {
  if (request.modalities?.includes('audio'))
    throw unable('This model answers in text only.', 'modalities')
  const tools = toolsOf(request)
  return {
    model,
    items: readMessages(request.messages),
    tools,
    toolChoice: readToolChoice(request.tool_choice ?? legacyChoice(request), tools),
    parallelToolCalls: request.parallel_tool_calls ?? !isLegacy(request),
    format: readFormat(request.response_format),
    effort: request.reasoning_effort ?? undefined,
    verbosity: request.verbosity ?? undefined,
    maxTokens: request.max_completion_tokens ?? request.max_tokens ?? undefined,
    temperature: request.temperature ?? undefined,
    topP: request.top_p ?? undefined,
    frequencyPenalty: request.frequency_penalty ?? undefined,
    presencePenalty: request.presence_penalty ?? undefined,
    stop: [request.stop ?? []].flat(),
    choices: request.n ?? 1,
    seed: request.seed ?? undefined,
    logprobs: request.logprobs ? (request.top_logprobs ?? 0) : undefined,
    cacheKey: request.prompt_cache_key ?? undefined,
    user: request.safety_identifier ?? request.user ?? undefined,
    serviceTier: request.service_tier ?? undefined,
    video: request.video_config ?? undefined,
  }
}

/**
 * Whether a client knows its tools by the name that they had at first, and is answered so: with one call
 * at a time.
 */
export const isLegacy = ({ functions, tools }: ChatRequest): boolean =>
  functions != null && functions.length > 0 && (tools == null || tools.length === 0)

function toolsOf(request: ChatRequest): readonly TurnTool[] {
  const { tools, functions, web_search_options: search } = request
  const legacy = (functions ?? []).map((it) => ({ type: 'function', function: it }))
  const all: readonly unknown[] = [
    ...(tools ?? []),
    ...legacy,
    ...(search ? [searchTool(search)] : []),
  ]
  return all.length > 0 ? readTools(all, (index) => `tools.${index}`) : NONE
}

const NONE: readonly TurnTool[] = []

/** What chat says of the search beside its tools, the Responses API says in the tool. */
function searchTool(options: object): Json {
  const { search_context_size: size, user_location: location } = options as Json
  const where = isObject(location) ? location.approximate : undefined
  return {
    type: 'web_search',
    ...(typeof size === 'string' && { search_context_size: size }),
    ...(isObject(where) && { user_location: { type: 'approximate', ...where } }),
  }
}

function legacyChoice({ function_call: call }: ChatRequest): unknown {
  return isObject(call) ? { type: 'function', function: call } : call
}

function readFormat(format: ChatRequest['response_format']): TurnFormat {
  if (format?.type === 'json_object') return { type: 'json' }
  if (format?.type !== 'json_schema') return { type: 'text' }
  const { name, description, schema, strict } = format.json_schema ?? { name: 'answer' }
  return {
    type: 'schema',
    name,
    description: description ?? undefined,
    schema: isObject(schema) ? schema : {},
    strict: strict ?? undefined,
  }
}
