import { ApiError } from '../../errors'
import type { TurnFormat, TurnMessage, TurnRequest, TurnTool } from '../request'
import type { ChatMessage, ChatRequest } from './schema'

type Json = Readonly<Record<string, unknown>>

/**
 * Read a chat request into the pivot.
 *
 * @throws ApiError for what the schema cannot say: a tool choice that names no tool, a `tool` message
 * without its call
 */
export function decodeChat(request: ChatRequest, model: string): TurnRequest {
  const tools = (request.tools ?? []).flatMap(readTool)
  return {
    model,
    messages: request.messages.map(readMessage),
    tools,
    toolChoice: readToolChoice(request.tool_choice, tools),
    parallelToolCalls: request.parallel_tool_calls ?? true,
    format: readFormat(request.response_format),
    thinking: request.reasoning_effort !== 'none',
    maxTokens: request.max_completion_tokens ?? request.max_tokens ?? undefined,
    stop: [request.stop ?? []].flat(),
    choices: request.n ?? 1,
    seed: request.seed ?? undefined,
  }
}

const ROLES: Readonly<Record<ChatMessage['role'], TurnMessage['role']>> = {
  developer: 'system',
  system: 'system',
  user: 'user',
  assistant: 'assistant',
  tool: 'tool',
  function: 'tool',
}

function readMessage(message: ChatMessage, index: number): TurnMessage {
  if (message.role === 'tool' && !message.tool_call_id)
    throw new ApiError('invalid_value', 'A message with the role "tool" needs a tool_call_id.', {
      param: `messages.${index}.tool_call_id`,
    })
  const parts = typeof message.content === 'string' ? [] : (message.content ?? [])
  const texts = parts.flatMap(({ text }) => text ?? [])
  return {
    role: ROLES[message.role],
    text: typeof message.content === 'string' ? message.content : texts.join('\n'),
    attachments: parts.length - texts.length,
    toolCalls: (message.tool_calls ?? []).flatMap((call) =>
      call.function ? { name: call.function.name, arguments: call.function.arguments ?? '{}' } : [],
    ),
  }
}

function readTool(tool: NonNullable<ChatRequest['tools']>[number]): TurnTool[] {
  if (!tool.function) return []
  const { name, description, parameters } = tool.function
  return [{ name, description: description ?? '', parameters: (parameters ?? {}) as Json }]
}

function readToolChoice(
  choice: ChatRequest['tool_choice'],
  tools: readonly TurnTool[],
): TurnRequest['toolChoice'] {
  if (choice === null || choice === undefined) return tools.length > 0 ? 'auto' : 'none'
  if (choice === 'none' || choice === 'auto') return choice
  if (tools.length === 0)
    throw new ApiError('invalid_value', 'tool_choice needs tools to choose from.', {
      param: 'tool_choice',
    })
  if (choice === 'required') return choice
  const { function: named, allowed_tools: allowed } = choice as {
    function?: { name?: unknown }
    allowed_tools?: { mode?: unknown }
  }
  if (allowed) return allowed.mode === 'required' ? 'required' : 'auto'
  const name = named?.name
  if (typeof name === 'string' && tools.some((tool) => tool.name === name)) return { name }
  throw new ApiError('invalid_value', 'tool_choice does not name one of the tools.', {
    param: 'tool_choice',
  })
}

function readFormat(format: ChatRequest['response_format']): TurnFormat {
  if (format?.type === 'json_object') return { type: 'json' }
  if (format?.type !== 'json_schema') return { type: 'text' }
  return { type: 'schema', schema: (format.json_schema?.schema ?? {}) as Json }
}
