import { unable } from '../../errors'
import type { TurnCall, TurnItem, TurnMessage, TurnPart, TurnResult, TurnThought } from '../request'

/** Write a conversation as input of the Responses API, for a server that keeps nothing. */
export function writeItems(
  items: readonly TurnItem[],
  nameOf: (call: TurnCall) => string,
): readonly object[] {
  return items.flatMap((item) => writeItem(item, nameOf))
}

function writeItem(item: TurnItem, nameOf: (call: TurnCall) => string): object | readonly object[] {
  switch (item.type) {
    case 'message':
      return writeMessage(item)
    case 'call':
      return writeCall(item, nameOf(item))
    case 'result':
      return writeResult(item)
    case 'thought':
      return writeThought(item)
    case 'hosted':
      return item.item
  }
}

function writeMessage({ role, parts }: TurnMessage): object {
  const [first] = parts
  const isPlain = parts.length === 0 || (parts.length === 1 && first?.type === 'text')
  const text = first?.type === 'text' ? first.text : ''
  const write = role === 'assistant' ? writeAnswered : writePart
  return { type: 'message', role, content: isPlain ? text : parts.map(write) }
}

function writeAnswered(part: TurnPart): object {
  if (part.type === 'refusal') return { type: 'refusal', refusal: part.text }
  return part.type === 'text' ? { type: 'output_text', text: part.text } : writePart(part)
}

function writePart(part: TurnPart): object {
  switch (part.type) {
    case 'text':
    case 'refusal':
      return { type: 'input_text', text: part.text }
    case 'image':
      return {
        type: 'input_image',
        image_url: part.url,
        file_id: part.fileId,
        detail: part.detail ?? 'auto',
      }
    case 'file':
      return {
        type: 'input_file',
        file_id: part.fileId,
        file_data: part.data,
        file_url: part.url,
        filename: part.filename,
      }
    case 'audio':
      throw unable('This model does not listen: it takes no sound.', 'messages')
  }
}

function writeCall({ id, arguments: given, custom }: TurnCall, name: string): object {
  if (custom) return { type: 'custom_tool_call', call_id: id, name, input: given }
  return { type: 'function_call', call_id: id, name, arguments: given }
}

function writeResult({ id, parts, custom }: TurnResult): object {
  const words = parts.flatMap((part) => ('text' in part ? part.text : []))
  return {
    type: custom ? 'custom_tool_call_output' : 'function_call_output',
    call_id: id,
    output:
      parts.length < 2 && words.length === parts.length ? (words[0] ?? '') : parts.map(writePart),
  }
}

/** A thought without what only its upstream can read says nothing to it. */
function writeThought({ text, encrypted }: TurnThought): object | readonly object[] {
  if (encrypted === null) return []
  return {
    type: 'reasoning',
    summary: text === '' ? [] : [{ type: 'summary_text', text }],
    encrypted_content: encrypted,
  }
}
