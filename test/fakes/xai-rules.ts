import { sealed } from './responses-outputs'
import { refused } from './responses-said'

/**
 * What xAI refuses to be sent. Written from xai-types.d.ts and xai-api.md 2.3 alone, so that what a
 * gateway forgets to mend fails a test.
 */

type Fields = Readonly<Record<string, unknown>>

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const listOf = (value: unknown): readonly Fields[] =>
  Array.isArray(value) ? value.filter(isFields) : []

const isSet = (value: unknown): boolean => value !== undefined && value !== null

/** Models and how long they may be told to think. */
export const EFFORTS: Readonly<Record<string, readonly string[]>> = {
  'grok-4': ['low', 'medium', 'high', 'xhigh'],
  'grok-4-mini': ['low', 'high'],
}

const TOOLS = new Set([
  ...['function', 'web_search', 'x_search', 'image_generation', 'file_search'],
  ...['code_interpreter', 'mcp', 'shell', 'tool_search'],
])

/** Fields of tools that are refused when they are there (2.3.7). */
const REFUSED: Readonly<Record<string, readonly string[]>> = {
  web_search: ['search_context_size', 'user_location', 'external_web_access'],
  file_search: ['filters', 'ranking_options'],
  code_interpreter: ['container'],
}

const ITEMS = new Set([
  ...['message', 'function_call', 'function_call_output', 'reasoning', 'web_search_call'],
  ...['file_search_call', 'code_interpreter_call', 'mcp_call', 'custom_tool_call'],
  ...['shell_call', 'shell_call_output', 'image_generation_call', 'tool_search_call'],
  ...['tool_search_output', 'compaction'],
])

const ROLES = new Set(['user', 'assistant', 'system', 'developer'])

const PARTS = new Set(['input_text', 'output_text', 'input_image', 'input_file', 'refusal'])

const invalid = (text: string) => refused(400, 'Client specified an invalid argument', text)
const unprocessable = (text: string) =>
  refused(422, 'The request body is not valid', `Failed to deserialize the JSON body: ${text}`)

/** The refusal of a `POST /v1/responses`, or undefined where xAI would take it. */
export function refusedResponses(body: Fields): Response | undefined {
  const { input, instructions, previous_response_id } = body
  if (typeof input !== 'string' && !Array.isArray(input)) return unprocessable('missing `input`')
  if (isSet(previous_response_id) && isSet(instructions))
    return invalid('`instructions` and `previous_response_id` cannot be used together.')
  if (isSet(previous_response_id))
    return refused(404, 'Some requested entity was not found', 'No response has that id.')
  const fault =
    faultOfTools(body.tools) ??
    faultOfChoice(body.tool_choice) ??
    faultOfFormat(body.text) ??
    faultOfStop(body.stop) ??
    faultOfItems(listOf(input))
  if (fault) return unprocessable(fault)
  return unreadable(listOf(input)) ?? orphans(listOf(input)) ?? unfit(body)
}

/** The refusal of a `POST /v1/chat/completions`. */
export function refusedChat(body: Fields): Response | undefined {
  const messages = listOf(body.messages)
  const role = messages.find((message) => message.role === 'developer')
  if (role) return unprocessable('messages: unknown role `developer`')
  const tool = listOf(body.tools).find(({ type }) => type !== 'function' && type !== 'live_search')
  if (tool) return unprocessable(`tools: unknown variant \`${tool.type}\``)
  const stop = faultOfStop(body.stop)
  if (stop) return unprocessable(stop)
  return unanswered(messages)
}

function faultOfTools(tools: unknown): string | undefined {
  for (const tool of listOf(tools)) {
    const type = String(tool.type)
    if (!TOOLS.has(type)) return `tools: unknown variant \`${type}\``
    if (type === 'tool_search' && isSet(tool.execution) && tool.execution !== 'server')
      return 'tools: tool_search.execution: expected `server`'
    const field = REFUSED[type]?.find((name) => isSet(tool[name]))
    if (field) return `tools: ${type}.${field} is not supported`
    if (type === 'function' && (typeof tool.name !== 'string' || !isFields(tool.parameters)))
      return 'tools: a function needs `name` and `parameters`'
  }
  return undefined
}

function faultOfChoice(choice: unknown): string | undefined {
  if (!isSet(choice) || typeof choice === 'string') return
  if (!isFields(choice) || choice.type !== 'function' || typeof choice.name !== 'string')
    return 'tool_choice: did not match any variant'
  return undefined
}

function faultOfFormat(text: unknown): string | undefined {
  const format = isFields(text) && isFields(text.format) ? text.format : undefined
  if (format?.type === 'json_schema' && !isFields(format.schema)) return 'text.format: no `schema`'
  return undefined
}

function faultOfStop(stop: unknown): string | undefined {
  if (isSet(stop) && !Array.isArray(stop)) return 'stop: expected a sequence'
  return undefined
}

function faultOfItems(items: readonly Fields[]): string | undefined {
  for (const [at, item] of items.entries()) {
    const type = String(item.type ?? 'message')
    if (!ITEMS.has(type)) return `input[${at}]: unknown variant \`${type}\``
    if (type === 'reasoning' && !Array.isArray(item.summary)) return `input[${at}]: no \`summary\``
    if (type.endsWith('_call_output') && typeof item.call_id !== 'string')
      return `input[${at}]: no \`call_id\``
    if (type === 'function_call' && typeof item.arguments !== 'string')
      return `input[${at}]: no \`arguments\``
    if (type !== 'message') continue
    if (!ROLES.has(String(item.role))) return `input[${at}]: unknown role \`${item.role}\``
    for (const part of listOf(item.content))
      if (!PARTS.has(String(part.type))) return `input[${at}]: unknown part \`${part.type}\``
  }
  return undefined
}

/** Sealed thoughts of somebody else. */
function unreadable(items: readonly Fields[]): Response | undefined {
  const prefix = sealed('')
  for (const { encrypted_content: content } of items)
    if (isSet(content) && !(typeof content === 'string' && content.startsWith(prefix)))
      return invalid('Could not decrypt the provided encrypted_content.')
  return undefined
}

/** Outputs of calls that were never made, and calls that were never answered. */
function orphans(items: readonly Fields[]): Response | undefined {
  const idsOf = (type: string) =>
    new Set(items.filter((item) => item.type === type).map(({ call_id }) => call_id))
  const [calls, outputs] = [idsOf('function_call'), idsOf('function_call_output')]
  for (const id of outputs) if (!calls.has(id)) return invalid(`No tool call found for ${id}.`)
  for (const id of calls) if (!outputs.has(id)) return invalid(`No tool output found for ${id}.`)
  return undefined
}

function unfit({ model, reasoning }: Fields): Response | undefined {
  const effort = isFields(reasoning) ? reasoning.effort : undefined
  const known = EFFORTS[String(model)]
  if (isSet(effort) && known && !known.includes(String(effort)))
    return invalid(`Model ${model} does not support reasoning effort ${effort}.`)
  return undefined
}

/** Calls whose tool messages do not follow at once. */
function unanswered(messages: readonly Fields[]): Response | undefined {
  for (const [at, { tool_calls }] of messages.entries()) {
    const ids = listOf(tool_calls).map(({ id }) => id)
    const answers = messages.slice(at + 1, at + 1 + ids.length)
    const answered = answers.filter(({ role }) => role === 'tool')
    if (!ids.every((id) => answered.some(({ tool_call_id }) => tool_call_id === id)))
      return invalid(`The tool calls ${ids.join(', ')} must be followed by tool messages.`)
  }
  const known = new Set(
    messages.flatMap(({ tool_calls }) => listOf(tool_calls).map(({ id }) => id)),
  )
  const orphan = messages.find(
    ({ role, tool_call_id }) => role === 'tool' && !known.has(tool_call_id),
  )
  if (orphan) return invalid(`No tool call found for ${orphan.tool_call_id}.`)
  return undefined
}
