import { editObject } from '../../json'
import type { ChatRequest } from '../../turn/chat/schema'
import { nearestEffort } from '../../turn/effort'
import type { ChatAsk } from '../upstream'

/** Members to replace by new JSON, or to leave out (`undefined`). */
export type Changes = Record<string, string | undefined>

interface NativeBodyOptions {
  /** The model as the upstream knows it. */
  readonly model: string
  readonly stream: boolean
  readonly quirks?: ((request: ChatRequest) => Changes) | undefined
  /** How long the model can be told to think, where the server says so. */
  readonly efforts?: readonly string[] | undefined
}

/**
 * The body for a server that speaks OpenAI's dialect: what the client wrote, letter for letter, but
 * for the model's name there, the usage that we always ask for, and what has to be left out.
 */
export function nativeBody(
  { request }: ChatAsk,
  { model, stream, quirks, efforts }: NativeBodyOptions,
): string {
  const { value } = request
  const changes: Changes = quirks?.(value) ?? {}
  // Stored here, if at all; and OpenAI takes metadata only of what it stores itself.
  for (const key of ['store', 'metadata'] as const) if (key in value) changes[key] = undefined
  if (value.model !== model) changes.model = JSON.stringify(model)
  if (stream) changes.stream_options = withUsage(value.stream_options)
  const { reasoning_effort: effort } = value
  if (effort && efforts && !efforts.includes(effort))
    changes.reasoning_effort = jsonOf(nearestEffort(effort, efforts))
  // Servers that imitate OpenAI often refuse null where OpenAI takes it for "not given".
  for (const key in value)
    if (value[key as keyof typeof value] === null && KNOWN.has(key)) changes[key] = undefined
  // Both name the same limit, and the newer name wins.
  if (isNumber(value.max_tokens) && isNumber(value.max_completion_tokens))
    changes.max_tokens = undefined
  return Object.keys(changes).length === 0 ? request.text : editObject(request, changes)
}

function withUsage(options: ChatRequest['stream_options']): string {
  return JSON.stringify({ ...options, include_usage: true })
}

const jsonOf = (text: string | undefined): string | undefined =>
  text === undefined ? undefined : JSON.stringify(text)

const KNOWN = new Set([
  'stream',
  'stream_options',
  'n',
  'max_completion_tokens',
  'max_tokens',
  'temperature',
  'top_p',
  'frequency_penalty',
  'presence_penalty',
  'stop',
  'seed',
  'logprobs',
  'top_logprobs',
  'logit_bias',
  'response_format',
  'tools',
  'tool_choice',
  'functions',
  'function_call',
  'parallel_tool_calls',
  'reasoning_effort',
  'prompt_cache_key',
  'safety_identifier',
  'service_tier',
  'verbosity',
  'modalities',
  'audio',
  'prediction',
  'web_search_options',
  'user',
])

const isNumber = (value: unknown): value is number => typeof value === 'number'
