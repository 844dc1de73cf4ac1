import { ApiError } from '../errors'
import { isObject, isText, type Json } from '../json-value'
import type { TurnTool } from './request'

/**
 * Read the tools of either dialect: chat keeps what it says of a tool under the tool's type, the
 * Responses API beside it. A namespace becomes its tools.
 *
 * @param paramOf names the place of a tool in the request
 * @throws ApiError for a tool without a name
 */
export function readTools(
  tools: readonly unknown[],
  paramOf: (index: number) => string,
): readonly TurnTool[] {
  const read = tools.flatMap((tool, index) => readTool(tool, paramOf(index)))
  const keys = new Set<string>()
  // Tools may be announced again in the middle of a conversation.
  return read.filter((tool) => {
    if (tool.type === 'hosted') return true
    const key = `${tool.namespace ?? ''}\n${tool.name}`
    return !keys.has(key) && keys.add(key)
  })
}

/** Whether tools of a type run at an upstream, where it has them. */
export const isHostedType = (type: string): boolean =>
  type !== 'function' && type !== 'custom' && type !== 'namespace'

function readTool(tool: unknown, param: string, namespace?: string): readonly TurnTool[] {
  if (!isObject(tool) || !isText(tool.type)) throw missing(`${param}.type`)
  const { type } = tool
  if (type === 'namespace') return readNamespace(tool, param)
  if (type !== 'function' && type !== 'custom') return [{ type: 'hosted', tool: { ...tool, type } }]
  const said = isObject(tool[type]) ? tool[type] : tool
  if (!isText(said.name)) throw missing(`${param}.name`)
  const named = {
    name: said.name,
    ...(namespace !== undefined && { namespace }),
    description: isText(said.description) ? said.description : '',
  }
  if (type === 'custom') return [{ type, ...named, format: readGrammar(said.format) }]
  return [
    {
      type,
      ...named,
      parameters: isObject(said.parameters) ? said.parameters : NO_PARAMETERS,
      strict: typeof said.strict === 'boolean' ? said.strict : undefined,
    },
  ]
}

/** An empty schema would let through anything, and many servers refuse it. */
const NO_PARAMETERS: Json = { type: 'object', properties: {} }

function readNamespace({ name, tools }: Json, param: string): readonly TurnTool[] {
  if (!isText(name)) throw missing(`${param}.name`)
  if (!Array.isArray(tools)) throw missing(`${param}.tools`)
  return tools.flatMap((tool, index) => readTool(tool, `${param}.tools[${index}]`, name))
}

/** Chat keeps a grammar one level deeper. */
function readGrammar(format: unknown): Json | undefined {
  if (!isObject(format)) return
  return isObject(format.grammar) ? { type: format.type, ...format.grammar } : format
}

const missing = (param: string): ApiError =>
  new ApiError('invalid_value', `'${param}' is missing.`, { param })
