import { isObject } from '../json-value'
import type { CustomTool } from './request'

/** What stands for the text of a custom tool where tools take JSON only. */
const INPUT = 'input'

/**
 * What a server that knows functions only is told of a tool that takes text: it becomes a function
 * with one text. Nothing there can hold the model to its grammar, so it is told of that in words.
 */
export function describeCustom({ description, format }: CustomTool) {
  const { syntax, definition } = format ?? {}
  const grammar =
    format?.type === 'grammar' ? `The input follows this ${syntax} grammar:\n${definition}` : ''
  return {
    description: [description, grammar].filter(Boolean).join('\n\n') || undefined,
    parameters: {
      type: 'object',
      properties: { [INPUT]: { type: 'string' } },
      required: [INPUT],
      additionalProperties: false,
    },
  }
}

/** The text of a custom tool, as the arguments of that function. */
export const wrapInput = (text: string): string => JSON.stringify({ [INPUT]: text })

/** The text out of that function's arguments, which may be none; any other JSON is the text itself. */
export function unwrapInput(given: string): string {
  try {
    const value: unknown = JSON.parse(given)
    if (!isObject(value)) return given
    const text = value[INPUT]
    if (typeof text === 'string') return text
    return Object.keys(value).length === 0 ? '' : given
  } catch {
    return given
  }
}
