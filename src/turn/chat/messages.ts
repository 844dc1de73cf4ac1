import { ApiError } from '../../errors'
import type { TurnCall, TurnItem, TurnMessage, TurnPart } from '../request'
import type { ChatMessage } from './schema'

/**
 * Read chat messages as items. An assistant's message may hold several: what it thought, what it
 * said, and each of its calls.
 *
 * @throws ApiError for a `tool` message without its call, and for parts that nobody knows
 */
export function readMessages(messages: readonly ChatMessage[]): readonly TurnItem[] {
  const items: TurnItem[] = []
  const calls: Calls = { byId: new Map(), byName: new Map() }
  for (const [index, message] of messages.entries())
    switch (message.role) {
      case 'assistant':
        readAssistant(message, index, items, calls)
        break
      case 'tool':
      case 'function':
        items.push(readResult(message, index, calls))
        break
      default:
        items.push(readMessage(message, message.role, index))
    }
  return items
}

/** The last call of each id, and of each name: a long conversation has many. */
interface Calls {
  readonly byId: Map<string, TurnCall>
  readonly byName: Map<string, TurnCall>
}

function readMessage(
  message: ChatMessage,
  role: TurnMessage['role'],
  index: number,
  refusal?: string | null,
): TurnMessage {
  const parts = readContent(message.content, index)
  const said = refusal ? [...parts, { type: 'refusal' as const, text: refusal }] : parts
  const { name } = message
  return name
    ? { type: 'message', role, parts: said, name }
    : { type: 'message', role, parts: said }
}

function readAssistant(message: ChatMessage, index: number, items: TurnItem[], known: Calls) {
  if (message.reasoning_content)
    items.push({ type: 'thought', text: message.reasoning_content, encrypted: null })
  const said = readMessage(message, 'assistant', index, message.refusal)
  const calls = readCalls(message, index)
  if (said.parts.length > 0 || calls.length === 0) items.push(said)
  for (const call of calls) {
    items.push(call)
    known.byId.set(call.id, call)
    known.byName.set(call.name, call)
  }
}

function readCalls({ tool_calls, function_call }: ChatMessage, index: number): TurnCall[] {
  const calls = (tool_calls ?? []).flatMap((call, at): TurnCall[] => {
    const id = call.id || madeId(index, at)
    const { function: called, custom } = call
    if (called) return [functionCall(id, called.name, called.arguments)]
    if (!custom) return []
    return [{ type: 'call', id, name: custom.name, arguments: custom.input ?? '', custom: true }]
  })
  if (function_call && calls.length === 0)
    calls.push(functionCall(madeId(index, 0), function_call.name, function_call.arguments))
  return calls
}

/** What calls without an id are known by; the same in every turn of a conversation. */
const madeId = (index: number, at: number): string => `call_${index}_${at}`

const functionCall = (id: string, name: string, given: string | undefined): TurnCall => ({
  type: 'call',
  id,
  name,
  arguments: given || '{}',
  custom: false,
})

/** What a tool gave. The deprecated role `function` knows it by the tool's name only. */
function readResult(message: ChatMessage, index: number, calls: Calls): TurnItem {
  const { role, name, tool_call_id: given } = message
  if (role === 'tool' && !given)
    throw new ApiError('invalid_value', 'A message with the role "tool" needs a tool_call_id.', {
      param: `messages.${index}.tool_call_id`,
    })
  const found = role === 'tool' ? calls.byId.get(given ?? '') : calls.byName.get(name ?? '')
  return {
    type: 'result',
    id: (role === 'tool' ? given : found?.id) || madeId(index, 0),
    parts: readContent(message.content, index),
    custom: found?.custom ?? false,
  }
}

function readContent(content: ChatMessage['content'], index: number): readonly TurnPart[] {
  if (!content) return []
  if (typeof content === 'string') return [{ type: 'text', text: content }]
  return content.map((part, at) => {
    const read = readPart(part)
    if (read) return read
    const param = `messages.${index}.content.${at}`
    throw new ApiError('invalid_value', `'${param}' is no part of a message: ${part.type}.`, {
      param,
    })
  })
}

type ContentPart = Exclude<NonNullable<ChatMessage['content']>, string>[number]

function readPart(part: ContentPart): TurnPart | undefined {
  const { text, refusal, image_url: image, input_audio: audio, file } = part
  if (text !== undefined) return { type: 'text', text }
  if (refusal !== undefined) return { type: 'refusal', text: refusal }
  if (image) return { type: 'image', url: image.url, ...(image.detail && { detail: image.detail }) }
  if (audio) return { type: 'audio', data: audio.data, format: audio.format }
  if (!file) return
  return {
    type: 'file',
    ...(file.file_id && { fileId: file.file_id }),
    ...(file.file_data && { data: file.file_data }),
    ...(file.filename && { filename: file.filename }),
  }
}
