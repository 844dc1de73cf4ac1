import { ApiError } from '../errors'
import { isObject, isText, type Json } from '../json-value'
import type { TurnTool, TurnToolChoice } from './request'

/**
 * Read a tool choice of either dialect: they differ in where the name stands.
 *
 * @throws ApiError for one that names no tool
 */
export function readToolChoice(choice: unknown, tools: readonly TurnTool[]): TurnToolChoice {
  if (choice === null || choice === undefined) return tools.length > 0 ? 'auto' : 'none'
  if (choice === 'none' || choice === 'auto') return choice
  if (tools.length === 0) throw refusal('tool_choice needs tools to choose from.')
  if (choice === 'required') return choice
  if (!isObject(choice)) throw refusal('tool_choice does not name one of the tools.')
  const { allowed_tools: allowed } = choice
  if (isObject(allowed)) return readAllowed(allowed, tools)
  if (choice.type === 'allowed_tools') return readAllowed(choice, tools)
  const tool = findTool(choice, tools)
  if (tool.type === 'hosted') return { hosted: tool.tool.type }
  const { name, namespace } = tool
  return namespace === undefined ? { name } : { name, namespace }
}

function readAllowed({ mode, tools: entries }: Json, tools: readonly TurnTool[]): TurnToolChoice {
  if (!Array.isArray(entries) || entries.length === 0)
    throw refusal('tool_choice allows none of the tools.')
  const only = entries.map((entry) => labelOf(findTool(isObject(entry) ? entry : {}, tools)))
  return { mode: mode === 'required' ? mode : 'auto', only }
}

/** What an allowed tool goes by: its name, or what kind of hosted tool it is. */
export const labelOf = (tool: TurnTool): string =>
  tool.type === 'hosted' ? tool.tool.type : tool.name

function findTool(entry: Json, tools: readonly TurnTool[]): TurnTool {
  const { type } = entry
  const isOurs = type === undefined || type === 'function' || type === 'custom'
  const found = isOurs ? findNamed(entry, tools) : tools.find((tool) => isOfKind(tool, type))
  if (!found) throw refusal('tool_choice does not name one of the tools.')
  return found
}

function findNamed(entry: Json, tools: readonly TurnTool[]): TurnTool | undefined {
  const said = [entry.function, entry.custom].find(isObject) ?? entry
  const { name, namespace } = said
  return tools.find(
    (tool) =>
      tool.type !== 'hosted' &&
      tool.name === name &&
      (!isText(namespace) || tool.namespace === namespace),
  )
}

/** A choice may leave out the version of a tool: `web_search` for `web_search_2025_08_26`. */
const isOfKind = (tool: TurnTool, type: unknown): boolean =>
  tool.type === 'hosted' &&
  isText(type) &&
  (tool.tool.type.startsWith(type) || type.startsWith(tool.tool.type))

const refusal = (message: string): ApiError =>
  new ApiError('invalid_value', message, { param: 'tool_choice' })
