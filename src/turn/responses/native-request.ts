import { isObject, isText, type Json } from '../../json-value'
import { wrapInput } from '../custom-tool'
import { nearestEffort } from '../effort'
import type { EncodedRequest } from '../encoded-request'
import { offerAll } from '../offer'
import { readToolChoice } from '../tool-choice'
import { createToolNaming, type ToolNaming } from '../tool-names'
import { readTools } from '../tools'
import { announcedTools } from './input-items'
import { kindOf } from './input-kinds'
import { ENCRYPTED } from './request'
import type { Item, ResponsesRequest } from './schema'
import { writeChoice, writeTool } from './written-tools'

interface Options {
  readonly stream: boolean
  /** The model as the upstream knows it. */
  readonly model: string
  /** How long the model can be told to think, where the server says so. */
  readonly efforts?: readonly string[] | undefined
  /** Whether the server knows tools that take text, and namespaces; else all become functions. */
  readonly functionsOnly?: boolean
  /** What to send of a thought that only its upstream can read; undefined to leave it out. */
  readonly keepThought?: (encrypted: string) => string | undefined
  /** Changes what the server takes differently, and says what it left out of it. */
  readonly mend?: ((body: Record<string, unknown>) => readonly string[]) | undefined
}

/**
 * The body for a server that speaks the Responses API itself: what the client wrote, but for the
 * state, which is ours. The whole conversation goes along, and the server is to keep nothing.
 *
 * @throws ApiError for a tool without a name, and a choice of none, where these have to be rewritten
 */
export function nativeResponsesBody(
  request: ResponsesRequest,
  items: readonly Item[],
  options: Options,
): EncodedRequest {
  const body: Record<string, unknown> = {}
  // Servers that imitate OpenAI often refuse null where OpenAI takes it for "not given".
  for (const [key, value] of Object.entries(request))
    if (value !== null && !OURS.has(key)) body[key] = value
  body.model = options.model
  body.stream = options.stream
  body.store = false
  body.include = [...new Set(request.include ?? []).add(ENCRYPTED)]
  if (options.efforts && request.reasoning?.effort)
    body.reasoning = {
      ...request.reasoning,
      effort: nearestEffort(request.reasoning.effort, options.efforts),
    }
  const naming = setTools(body, request, items, options)
  const input: object[] = []
  for (const item of items) {
    const written = writeItem(item, naming, options)
    if (written) input.push(written)
  }
  body.input = input
  const dropped = options.mend?.(body) ?? []
  return { body: JSON.stringify(body), names: naming.names, dropped }
}

/** What is ours to heed: nobody upstream knows our ids, and what is kept is kept here. */
const OURS = new Set([
  'previous_response_id',
  'conversation',
  'background',
  'metadata',
  'stream_options',
])

function setTools(
  body: Record<string, unknown>,
  request: ResponsesRequest,
  items: readonly Item[],
  { functionsOnly = false }: Options,
): ToolNaming {
  const all = [...(request.tools ?? []), ...announcedTools(items)]
  if (!functionsOnly) {
    if (all.length > 0) body.tools = all
    return AS_THEY_ARE
  }
  const tools = readTools(all, (index) => `tools[${index}]`)
  const naming = createToolNaming(tools, false)
  const { tool_choice: choice } = request
  const isOwn = isObject(choice) && OWN_CHOICES.has(String(choice.type))
  const offer = offerAll({ tools, toolChoice: isOwn ? readToolChoice(choice, tools) : 'auto' })
  if (all.length > 0) body.tools = offer.tools.map((tool) => writeTool(tool, naming))
  if (isOwn) body.tool_choice = writeChoice(offer, naming) ?? 'auto'
  return naming
}

const OWN_CHOICES = new Set(['function', 'custom', 'allowed_tools'])

/** For servers that know all kinds of tools. */
const AS_THEY_ARE: ToolNaming = { of: ({ name }) => name, names: new Map(), customs: true }

function writeItem(item: Item, naming: ToolNaming, options: Options): object | undefined {
  switch (kindOf(item)) {
    case 'message':
      return { ...without(item, KEPT_HERE), content: writeContent(item.content) }
    case 'function_call':
    case 'custom_tool_call':
      return writeCall(item, naming)
    case 'function_call_output':
    case 'custom_tool_call_output':
      return writeOutput(item, naming)
    case 'reasoning':
      return writeThought(item, options)
    case 'mark':
    case 'additional_tools':
      return
    default:
      // The schema wants the ids of these, and answers of the client may refer to them.
      return without(item, NOTHING)
  }
}

/**
 * Ids and states are for those who keep items. The server knows none of our ids; those of thoughts
 * are sealed into what it encrypted, so it would refuse ours: without any it asks no questions.
 */
const KEPT_HERE = new Set(['id', 'status'])
const NOTHING: ReadonlySet<string> = new Set()
const CALL_HERE = new Set([...KEPT_HERE, 'namespace'])

function without(item: Json, fields: ReadonlySet<string>): Record<string, unknown> {
  const rest: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(item))
    if (value !== null && !fields.has(key)) rest[key] = value
  return rest
}

/** How likely each token was is nothing that a model wants to be told. */
const writeContent = (content: unknown): unknown =>
  Array.isArray(content)
    ? content.map((part) => (isObject(part) && 'logprobs' in part ? without(part, LIKELY) : part))
    : content

const LIKELY = new Set(['logprobs'])

function writeCall(item: Item, { of, customs }: ToolNaming): object {
  if (customs) return without(item, KEPT_HERE)
  const custom = item.type === 'custom_tool_call'
  const { name, namespace, input } = item
  const named = { name: String(name), custom, ...(isText(namespace) && { namespace }) }
  const call = { ...without(item, CALL_HERE), type: 'function_call', name: of(named) }
  return custom ? { ...call, input: undefined, arguments: wrapInput(String(input)) } : call
}

function writeOutput(item: Item, { customs }: ToolNaming): object {
  const output = without(item, KEPT_HERE)
  return customs ? output : { ...output, type: 'function_call_output' }
}

function writeThought(item: Item, { keepThought }: Options): object | undefined {
  const { encrypted_content: encrypted, summary } = item
  if (!isText(encrypted)) return
  const kept = keepThought ? keepThought(encrypted) : encrypted
  if (kept === undefined) return
  return { ...without(item, KEPT_HERE), summary: summary ?? [], encrypted_content: kept }
}
