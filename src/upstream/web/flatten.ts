import { isObject, isText } from '../../json-value'
import type { TurnCall, TurnItem, TurnMessage, TurnPart } from '../../turn/request'
import { type Attachable, attachedTo, isAside } from './attached'

/** A conversation as grok.com takes it: one message, and what hangs on it. */
interface Dialogue {
  /** All that was said: instructions first, each block under its role, the last words of the user bare. */
  readonly message: string
  /** What the user wants now, without anything that was said before. */
  readonly wish: string
  readonly attachables: readonly Attachable[]
  /** The types of items that cannot be put in words. */
  readonly dropped: readonly string[]
}

interface FlattenTerms {
  /** Nothing can be done without a picture, so that an earlier one is meant where there is no new one. */
  readonly needsPicture: boolean
  /** What to say before the user's last words. */
  readonly prefix: string
}

/** Put a conversation into one message, since grok.com knows no roles. */
export function flatten(
  items: readonly TurnItem[],
  { needsPicture, prefix }: FlattenTerms,
): Dialogue {
  const instructions: string[] = []
  const blocks: string[] = []
  const dropped = new Set<string>()
  const names = new Map<string, string>()
  const last = items.findLastIndex((item) => !isAside(item))
  for (const [index, item] of items.entries())
    switch (item.type) {
      case 'message': {
        if (index === last && item.role === 'user' && !item.name)
          add(blocks, prefix, bareOf(item.parts))
        else add(isInstruction(item) ? instructions : blocks, speakerOf(item), shownOf(item.parts))
        break
      }
      case 'call':
        names.set(item.id, nameOf(item))
        add(blocks, 'assistant: ', `[calls the tool ${nameOf(item)} with ${item.arguments}]`)
        break
      case 'result':
        add(blocks, `tool (${names.get(item.id) ?? item.id}): `, shownOf(item.parts))
        break
      case 'hosted': {
        const done = searchOf(item.item)
        if (done) add(blocks, 'assistant: ', done)
        else dropped.add(item.item.type)
        break
      }
      case 'thought':
        break
    }
  const { attachables, wish } = attachedTo(items, needsPicture)
  return {
    message: [...instructions, ...blocks].join('\n\n'),
    wish,
    attachables,
    dropped: [...dropped],
  }
}

/** grok.com takes no message without words. */
const LOOK = 'Look at what is attached.'

const isInstruction = ({ role }: TurnMessage): boolean => role === 'system' || role === 'developer'

function add(list: string[], speaker: string, text: string): void {
  if (text !== '') list.push(speaker + text)
}

const speakerOf = ({ role, name }: TurnMessage): string =>
  name ? `${role} (${name}): ` : `${role}: `

const nameOf = ({ name, namespace }: TurnCall): string =>
  namespace ? `${namespace}.${name}` : name

/** The last words of the user, whose pictures and files hang on the message. */
function bareOf(parts: readonly TurnPart[]): string {
  const words = parts.flatMap((part) => ('text' in part ? part.text : [])).filter(Boolean)
  return words.length === 0 && parts.length > 0 ? LOOK : words.join('\n')
}

/** What was said, with a word for each picture and file, so that it is clear what is spoken of. */
const shownOf = (parts: readonly TurnPart[]): string =>
  parts
    .map((part) => ('text' in part ? part.text : markOf(part)))
    .filter(Boolean)
    .join('\n')

function markOf(part: Attachable): string {
  if (part.type === 'image') return '[picture]'
  if (part.type === 'audio') return '[recording]'
  return part.filename ? `[file ${part.filename}]` : '[file]'
}

/** A search of an earlier turn, in words. */
function searchOf({ type, action }: { readonly type: string; readonly action?: unknown }): string {
  if (type !== 'web_search_call' || !isObject(action)) return ''
  if (isText(action.query)) return `[searched the web for: ${action.query}]`
  return isText(action.url) ? `[opened ${action.url}]` : ''
}
