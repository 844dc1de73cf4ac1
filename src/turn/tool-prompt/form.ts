import type { CallEvent } from '../event'
import type { CustomTool, FunctionTool } from '../request'
import { isObject } from './mend'

// How tools are spoken of in plain text, in both directions.

export const CALL = { open: '<tool_call>', close: '</tool_call>' } as const
export const RESULT = { open: '<tool_result', close: '</tool_result>' } as const

/** A tool of the client: what can be described to a model in words. */
export type ClientTool = FunctionTool | CustomTool

/** Whose a call is. */
export type ToolName = Pick<CallEvent, 'name' | 'namespace' | 'custom'>

/** A name in one word, whatever namespace it is of. */
export const flatName = ({ name, namespace }: Omit<ToolName, 'custom'>): string =>
  namespace ? `${namespace}__${name}` : name

interface WrittenCall extends ToolName {
  readonly arguments: string
  /** Which result belongs to it; a model need not say. */
  readonly id?: string
}

/** A call as a model is asked to write it: arguments stay in the words they came in. */
export function writeCall(call: WrittenCall): string {
  const id = call.id === undefined ? '' : `"id":${JSON.stringify(call.id)},`
  const given = call.custom
    ? `"input":${JSON.stringify(call.arguments)}`
    : `"arguments":${isObject(call.arguments) ? call.arguments : JSON.stringify(call.arguments)}`
  return `${CALL.open}{${id}"name":${JSON.stringify(flatName(call))},${given}}${CALL.close}`
}

/** What a tool gave, as the model is shown it. No text of the tool's can end it early. */
export const writeResult = (id: string, text: string): string =>
  `${RESULT.open} call=${JSON.stringify(id)}>${text.replaceAll('</tool_result', '<\\/tool_result')}${RESULT.close}`
