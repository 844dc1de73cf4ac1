import { ApiError } from '../../errors'
import { isObject, isText } from '../json-value'
import type { TurnHosted, TurnItem, TurnPart } from '../request'
import { kindOf } from './input-kinds'
import { readParts } from './input-parts'
import type { Item } from './schema'

/** What is known of a conversation beside its items. */
export interface InputTerms {
  /** What a compaction says, where we can read it. */
  readonly summaryOf?: ((encrypted: string) => string | undefined) | undefined
  /** Where in the items the request's own input begins. */
  readonly inputFrom?: number
}

/**
 * Read a conversation into the pivot.
 *
 * @throws ApiError for an item of a type that nobody knows
 */
export function readItems(items: readonly Item[], terms: InputTerms): readonly TurnItem[] {
  const { inputFrom = 0 } = terms
  return items.flatMap((item, index) => {
    const read = readItem(item, terms)
    if (read) return read
    const param = `input[${index - inputFrom}]`
    throw new ApiError('invalid_value', `'${param}' is of the unknown type "${item.type}".`, {
      param,
    })
  })
}

function readItem(
  item: Item,
  { summaryOf }: InputTerms,
): TurnItem | readonly TurnItem[] | undefined {
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
    case 'compaction':
      return readCompaction(item, summaryOf)
    case 'hosted':
      return hosted(item)
    case 'mark':
    case 'additional_tools':
      return []
    default:
      return undefined
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

function readCompaction(item: Item, summaryOf: InputTerms['summaryOf']): TurnItem {
  const { encrypted_content: encrypted } = item
  const summary = isText(encrypted) ? summaryOf?.(encrypted) : undefined
  if (summary === undefined) return hosted(item)
  return {
    type: 'message',
    role: 'developer',
    parts: [{ type: 'text', text: introduceSummary(summary) }],
  }
}

/** How a model is told what was said before. */
export const introduceSummary = (summary: string): string =>
  `Summary of the conversation so far:\n\n${summary}`

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
