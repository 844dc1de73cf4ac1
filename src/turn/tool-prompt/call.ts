import { readObject } from '../../json'
import { type ClientTool, flatName, type ToolName } from './form'
import { mendObject } from './mend'

/** A call that was made out of a text. */
interface ReadCall {
  readonly tool: ToolName
  readonly arguments: string
}

/** The tools that may be called, by the names that a model may write. */
export type CallableTools = ReadonlyMap<string, ToolName>

/** Index tools by what they were described as; also by the bare name, where only one has it. */
export function callable(tools: readonly ClientTool[]): CallableTools {
  const known = new Map<string, ToolName>()
  const bare = new Map<string, ToolName | undefined>()
  for (const { name, namespace, type } of tools) {
    const tool = { name, ...(namespace && { namespace }), custom: type === 'custom' }
    known.set(flatName(tool), tool)
    bare.set(name, bare.has(name) ? undefined : tool)
  }
  for (const [name, tool] of bare) if (tool && !known.has(name)) known.set(name, tool)
  return known
}

/** Read what stands between the tags of a call; undefined when it is none. */
export function readCall(text: string, tools: CallableTools): ReadCall | undefined {
  const mended = mendObject(text)
  if (!mended) return undefined
  const value = JSON.parse(mended) as Readonly<Record<string, unknown>>
  const tool = typeof value.name === 'string' ? tools.get(value.name) : undefined
  if (!tool) return undefined
  const member = (tool.custom ? OF_CUSTOM : OF_FUNCTION).find((name) => Object.hasOwn(value, name))
  const given = member === undefined ? undefined : value[member]
  const read = () => (member === undefined ? '{}' : sourceOf(mended, member, given))
  return {
    tool,
    arguments: tool.custom ? textInput(given) : jsonArguments(given, read),
  }
}

/** Under which names models give arguments, the right one first. */
const OF_FUNCTION = ['arguments', 'parameters', 'args', 'input'] as const
const OF_CUSTOM = ['input', 'arguments'] as const

function textInput(given: unknown): string {
  if (typeof given === 'string') return given
  const inner = (given as { input?: unknown } | null | undefined)?.input
  if (typeof inner === 'string') return inner
  return given === undefined ? '' : JSON.stringify(given)
}

/** Arguments that were written as a text are taken for what the text says. */
function jsonArguments(given: unknown, read: () => string): string {
  if (typeof given !== 'string') return given === null ? '{}' : read()
  return mendObject(given) ?? (given.trim() === '' ? '{}' : given)
}

/** A member as the model wrote it: no digit of a long number is lost. */
function sourceOf(json: string, name: string, value: unknown): string {
  try {
    const span = readObject(json).members().get(name)
    if (span) return json.slice(span.value, span.end).trim()
  } catch {
    // It has a key twice, or is very deep: then as JavaScript understands it.
  }
  return JSON.stringify(value)
}
