import { describeCustom } from '../custom-tool'
import { findChosen, type Offer } from '../offer'
import type { TurnTool } from '../request'
import { identify, type ToolNaming } from '../tool-names'

/** Write a tool; hosted ones are as the client wrote them. */
export function writeTool(tool: TurnTool, { of, customs }: ToolNaming): object {
  if (tool.type === 'hosted') return tool.tool
  const name = of(identify(tool))
  if (tool.type === 'custom') {
    if (!customs) return { type: 'function', name, ...describeCustom(tool), strict: false }
    return { type: 'custom', name, description: tool.description || undefined, format: tool.format }
  }
  const { description, parameters, strict = false } = tool
  // Left out, strict would mean true here, where chat means false.
  return { type: 'function', name, description: description || undefined, parameters, strict }
}

/** Write what is to be called. `auto` goes without saying where there are tools. */
export function writeChoice({ tools, choice }: Offer, { of, customs }: ToolNaming): unknown {
  if (choice === 'auto') return
  if (typeof choice === 'string') return choice
  if ('hosted' in choice) return { type: choice.hosted }
  const chosen = findChosen(tools, choice)
  return chosen && { type: customs ? chosen.type : 'function', name: of(identify(chosen)) }
}
