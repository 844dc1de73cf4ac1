import type { ToolNames } from './codec'
import type { CustomTool, FunctionTool, TurnTool } from './request'

/** A tool of the client, or a call of one. */
interface Named {
  readonly name: string
  readonly namespace?: string
  readonly custom: boolean
}

/** Finds names for tools at a server that knows no namespaces. */
export interface ToolNaming {
  /** The name of a tool there, always the same for the same tool. */
  readonly of: (tool: Named) => string
  /** The way back. */
  readonly names: ToolNames
  /** Whether the server knows tools that take text. */
  readonly customs: boolean
}

/** As long as OpenAI allows. */
const LONGEST = 64

/**
 * Give every tool a name of its own.
 *
 * @param customs whether the server knows tools that take text; else they become functions
 */
export function createToolNaming(tools: readonly TurnTool[], customs: boolean): ToolNaming {
  const names = new Map<string, Named>()
  const given = new Map<string, string>()
  const plain = new Set<string>()
  // A function keeps its own name, whatever stands before it in the list.
  for (const tool of tools)
    if (tool.type === 'function' && tool.namespace === undefined) plain.add(tool.name)
  const taken = new Set(plain)
  const counts = new Map<string, number>()

  const invent = ({ name, namespace, custom }: Named): string => {
    if (namespace !== undefined) return unique(flatten(namespace, name), taken, counts)
    // Calls of earlier turns may be of tools that are not there any more.
    return !custom && plain.has(name) ? name : unique(name, taken, counts)
  }

  const of = (tool: Named): string => {
    const { name, namespace, custom } = tool
    const key = `${custom ? 'text' : 'json'}\n${namespace ?? ''}\n${name}`
    const known = given.get(key)
    if (known !== undefined) return known
    const made = invent(tool)
    taken.add(made)
    given.set(key, made)
    if (made !== name || namespace !== undefined || (custom && !customs))
      names.set(made, { name, custom, ...(namespace !== undefined && { namespace }) })
    return made
  }
  return { of, names, customs }
}

/** What a tool is named by. */
export const identify = (tool: FunctionTool | CustomTool): Named => ({
  name: tool.name,
  custom: tool.type === 'custom',
  ...(tool.namespace !== undefined && { namespace: tool.namespace }),
})

const flatten = (namespace: string, name: string): string =>
  `${namespace}__${name}`.replaceAll(/[^\w-]/g, '_').slice(0, LONGEST)

/** So much of a name is never cut for its ending. */
const SAFE = LONGEST - 8

/** @param counts how far names were counted that begin alike: thousands of tools may be named so */
function unique(wanted: string, taken: ReadonlySet<string>, counts: Map<string, number>): string {
  if (!taken.has(wanted)) return wanted
  const stem = wanted.slice(0, SAFE)
  for (let count = counts.get(stem) ?? 2; ; count++) {
    const ending = `_${count}`
    const name = wanted.slice(0, LONGEST - ending.length) + ending
    if (taken.has(name)) continue
    counts.set(stem, count + 1)
    return name
  }
}
