import { ApiError } from '../../errors'
import { isText, type Json } from '../../json-value'
import type { TurnFormat, TurnItem, TurnRequest } from '../request'
import { readToolChoice } from '../tool-choice'
import { readTools } from '../tools'
import { announcedTools, readItems } from './input-items'
import type { Item, ResponsesRequest } from './schema'

/**
 * Read a request of the Responses API into the pivot.
 *
 * @param items the whole conversation: what was stored of it, and the request's own input
 * @throws ApiError for what the schema cannot say: a tool choice that names no tool, a format without
 * its schema
 */
export function decodeResponses(
  request: ResponsesRequest,
  items: readonly Item[],
  model: string,
): TurnRequest {
  const own = request.tools ?? []
  const tools = readTools([...own, ...announcedTools(items)], (index) =>
    index < own.length ? `tools[${index}]` : 'input',
  )
  const wantsLogprobs = request.include?.includes('message.output_text.logprobs')
  return {
    model,
    items: [...instruct(request), ...readItems(items)],
    tools,
    toolChoice: readToolChoice(request.tool_choice, tools),
    parallelToolCalls: request.parallel_tool_calls ?? true,
    format: readFormat(request.text?.format),
    effort: request.reasoning?.effort ?? undefined,
    verbosity: request.text?.verbosity ?? undefined,
    maxTokens: request.max_output_tokens ?? undefined,
    temperature: request.temperature ?? undefined,
    topP: request.top_p ?? undefined,
    frequencyPenalty: numberOf(request, 'frequency_penalty'),
    presencePenalty: numberOf(request, 'presence_penalty'),
    stop: [],
    choices: 1,
    seed: undefined,
    logprobs: wantsLogprobs ? (request.top_logprobs ?? 0) : undefined,
    cacheKey: request.prompt_cache_key ?? undefined,
    user: request.safety_identifier ?? request.user ?? undefined,
    serviceTier: request.service_tier ?? undefined,
    video: request.video_config ?? undefined,
  }
}

const instruct = ({ instructions }: ResponsesRequest): readonly TurnItem[] =>
  instructions
    ? [{ type: 'message', role: 'system', parts: [{ type: 'text', text: instructions }] }]
    : []

/** Open Responses has fields that OpenAI's schema has not. */
function numberOf(request: Json, field: string): number | undefined {
  const { [field]: value } = request
  return typeof value === 'number' ? value : undefined
}

type Format = NonNullable<ResponsesRequest['text']>['format']

function readFormat(format: Format): TurnFormat {
  if (format?.type === 'json_object') return { type: 'json' }
  if (format?.type !== 'json_schema') return { type: 'text' }
  const { name, description, schema, strict } = format
  if (!isText(name)) throw missing('text.format.name')
  if (!schema) throw missing('text.format.schema')
  return {
    type: 'schema',
    name,
    description: description ?? undefined,
    schema: { ...schema },
    strict: strict ?? undefined,
  }
}

const missing = (param: string): ApiError =>
  new ApiError('invalid_value', `'${param}' is missing.`, { param })
