import { isObject, isText } from '../../json-value'
import type { TurnHosted, TurnItem, TurnPart } from '../request'
import { kindOf } from './input-kinds'
import { readParts } from './input-parts'
import type { Item } from './schema'

/** Read a conversation into the pivot; its items were checked when they came in. */
export const readItems = (items: readonly Item[]): readonly TurnItem[] => items.flatMap(readItem)

function readItem(item: Item): TurnItem | readonly TurnItem[] {
  const namespace = isText(item.namespace) ? { namespace: item.namespace } : NONE
  switch (kindOf(item)) {
    case 'message':
      return { type: 'message', role: item.role ?? 'user', parts: readParts(item.content) }
    case 'reasoning':
      return {
        type: 'thought',
        text: thoughtOf(item),
        encrypted: isText(item.encrypted_content) ? item.encrypted_content : null,
      }
    case 'function_call':
      return {
        type: 'call',
        id: textOf(item.call_id),
        name: textOf(item.name),
        ...namespace,
        arguments: textOf(item.arguments) || '{}',
        custom: false,
      }
    case 'custom_tool_call':
      return {
        type: 'call',
        id: textOf(item.call_id),
        name: textOf(item.name),
        ...namespace,
        arguments: textOf(item.input),
        custom: true,
      }
    case 'function_call_output':
      return readOutput(item, false)
    case 'custom_tool_call_output':
      return readOutput(item, true)
    case 'mark':
    case 'additional_tools':
      return []
    default:
      return hosted(item)
  }
}

const NONE = {}

const readOutput = (item: Item, custom: boolean): TurnItem => ({
  type: 'result',
  id: textOf(item.call_id),
  parts: readParts(item.output),
  custom,
})

/** What the model thought, as far as it was shown: its summary, else all of it. */
function thoughtOf({ summary, content }: Item): string {
  const words = (parts: unknown) =>
    readParts(parts).flatMap((part: TurnPart) => ('text' in part ? part.text : []))
  const shown = words(summary)
  return (shown.length > 0 ? shown : words(content)).join('\n\n')
}

const hosted = (item: Item): TurnHosted => ({
  type: 'hosted',
  item: { ...item, type: item.type ?? '' },
})

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

/** The tools that were announced within a conversation. */
export const announcedTools = (items: readonly Item[]): readonly unknown[] =>
  items.flatMap((item) =>
    item.type === 'additional_tools' && Array.isArray(item.tools)
      ? item.tools.filter(isObject)
      : [],
  )
