import { isObject, isText, type Json, parseObject } from '../../json-value'
import { type Page, RESULT_TAG, readPages } from './frames'

/** A tool that the model uses, as far as it is told. */
export interface ToolCard {
  readonly id: string | undefined
  /** As grok.com's own tags write it: `web_search`. */
  readonly name: string
  readonly args: Json
}

/** What came of a tool. */
export interface Findings {
  /** The id of its card, where that is said. */
  readonly card: string | undefined
  readonly pages: readonly Page[]
  /** What a program printed. */
  readonly logs: string | undefined
}

const NO_ARGS: Json = {}

/**
 * The tools that a frame tells of.
 *
 * @param written the cards that stood in its token: the first one is that of the frame, if it has one
 */
export function readToolCards(frame: Json, written: readonly ToolCard[]): readonly ToolCard[] {
  const card = readCard(frame)
  const [first, ...more] = written
  if (!first) return card ? [card] : []
  const id = card?.id ?? first.id ?? textOf(frame.toolUsageCardId)
  const isKnown = card && Object.keys(card.args).length > 0
  return [{ id, name: card?.name ?? first.name, args: isKnown ? card.args : first.args }, ...more]
}

/** What a frame says came of a tool; undefined where it says nothing of that. */
export function readFindings(frame: Json): Findings | undefined {
  const pages = [...readPages(frame.webSearchResults), ...readPages(frame.xSearchResults)]
  const { codeExecutionResult: ran, messageTag } = frame
  if (pages.length === 0 && !ran && messageTag !== RESULT_TAG) return
  return { card: textOf(frame.toolUsageCardId), pages, logs: readLogs(ran) }
}

function readLogs(ran: unknown): string | undefined {
  if (!isObject(ran)) return textOf(ran)
  const printed = [ran.stdout, ran.output, ran.result, ran.stderr].filter(isText)
  return printed.length > 0 ? printed.join('\n') : undefined
}

const textOf = (value: unknown): string | undefined => (isText(value) ? value : undefined)

/** The card of a frame: an object under the tool's name, or the mere name. */
function readCard(frame: Json): ToolCard | undefined {
  const card = isObject(frame.toolUsageCard) ? frame.toolUsageCard : frame.tool_usage_card
  const own = isObject(card) ? card : NO_ARGS
  const id = [own.toolUsageCardId, own.tool_usage_card_id, frame.toolUsageCardId].find(isText)
  for (const [key, value] of Object.entries(own))
    if (isObject(value)) return { id, name: toSnakeCase(key), args: readArgs(value.args) }
  const name = [own.toolName, own.tool_name, own.name, frame.toolName].find(isText)
  return name === undefined
    ? undefined
    : { id, name: toSnakeCase(name), args: readArgs(own.args ?? frame.toolArgs) }
}

const toSnakeCase = (name: string): string =>
  name.replaceAll(/(?<=[a-z0-9])[A-Z]/g, (letter) => `_${letter}`).toLowerCase()

const readArgs = (args: unknown): Json => {
  const read = isText(args) ? parseObject(args) : args
  return isObject(read) ? read : NO_ARGS
}

/** The card that stands in a token as `<xai:tool_usage_card>`. */
export function readToolElement(element: string): ToolCard | undefined {
  const name = childOf(element, 'xai:tool_name')
  if (name === undefined) return
  const args = readArgs(childOf(element, 'xai:tool_args'))
  return { id: childOf(element, 'xai:tool_usage_card_id'), name: toSnakeCase(name), args }
}

const CDATA = /^<!\[CDATA\[([\s\S]*?)\]\]>$/

function childOf(element: string, name: string): string | undefined {
  const start = element.indexOf(`<${name}>`)
  const end = element.indexOf(`</${name}>`, start)
  if (start < 0 || end < 0) return
  const content = element.slice(start + name.length + 2, end).trim()
  return (CDATA.exec(content)?.[1] ?? content) || undefined
}

/** What a tool is to a client: an output item of Responses, and a line among the thoughts of chat. */
export type ToolSort = 'search' | 'page' | 'code' | 'other'

interface Kind {
  readonly sort: ToolSort
  readonly does: string
  /** Arguments that say what it is about, the best first. */
  readonly about: readonly string[]
}

const QUERY = ['query', 'q', 'queries', 'image_description', 'imageDescription']

const KINDS: readonly (readonly [names: RegExp, kind: Kind])[] = [
  [/^(?:x_|xsearch)/, { sort: 'search', does: 'Searching X', about: [...QUERY, 'username'] }],
  [/image/, { sort: 'search', does: 'Searching for pictures', about: QUERY }],
  [/^(?:browse|open)_page$/, { sort: 'page', does: 'Reading', about: ['url'] }],
  [/search/, { sort: 'search', does: 'Searching the web', about: QUERY }],
  [/code|python/, { sort: 'code', does: 'Running code', about: ['code'] }],
  [/^chatroom/, { sort: 'other', does: 'Telling the others', about: ['message'] }],
]

/** What is known of a tool by its name. */
export const kindOfTool = (name: string): Kind =>
  KINDS.find(([names]) => names.test(name))?.[1] ?? {
    sort: 'other',
    does: `Using ${name}`,
    about: [],
  }

/** What a tool is asked; empty where its card does not say. */
export function aboutOf({ about }: Kind, args: Json): string {
  for (const name of about) {
    const value = args[name]
    if (isText(value)) return value
    if (Array.isArray(value)) return value.filter(isText).join(', ')
  }
  return ''
}
