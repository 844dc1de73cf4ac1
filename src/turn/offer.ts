import { type UpstreamFault, unable } from '../errors'
import type { CustomTool, FunctionTool, TurnRequest, TurnTool } from './request'
import { labelOf } from './tool-choice'

/** A tool of the client: it runs there. */
export type OwnTool = FunctionTool | CustomTool

/** A tool by its name. */
interface Chosen {
  readonly name: string
  readonly namespace?: string
}

type OwnChoice = 'none' | 'auto' | 'required' | Chosen

/** What a model may call, and whether it must. */
export interface Offer<T = TurnTool, C = OwnChoice | { readonly hosted: string }> {
  readonly tools: readonly T[]
  readonly choice: C
}

/** The tools of a turn, without those that its choice rules out. */
export function offerAll({ tools, toolChoice }: Pick<TurnRequest, 'tools' | 'toolChoice'>): Offer {
  if (typeof toolChoice === 'string' || !('only' in toolChoice))
    return { tools, choice: toolChoice }
  const { only, mode } = toolChoice
  return { tools: tools.filter((tool) => only.includes(labelOf(tool))), choice: mode }
}

/**
 * The same for an upstream that has no tools of its own.
 *
 * @throws UpstreamFault when the choice leaves only those
 */
export function offerOwn(turn: TurnRequest): Offer<OwnTool, OwnChoice> {
  const { tools, choice } = offerAll(turn)
  const own = tools.filter(isOwn)
  if (typeof choice === 'object' && 'hosted' in choice) throw lacking(choice.hosted)
  const [first] = tools
  if (choice === 'required' && own.length === 0 && first) throw lacking(labelOf(first))
  return { tools: own, choice }
}

/** Whether a tool is the client's, and not an upstream's. */
export const isOwn = (tool: TurnTool): tool is OwnTool => tool.type !== 'hosted'

/** The tool that must be called. */
export const findChosen = (tools: readonly TurnTool[], { name, namespace }: Chosen) =>
  tools.filter(isOwn).find((tool) => tool.name === name && tool.namespace === namespace)

/** What an upstream cannot do that lacks the very tool that a choice asks for. */
export const lacking = (tool: string): UpstreamFault =>
  unable(
    `This model has no tool "${tool}", which tool_choice asks for.`,
    'tool_choice',
    'invalid_value',
  )
