import type { TurnFormat, TurnItem, TurnMessage, TurnRequest } from '../request'

/** A form that an answer must have. */
export type WantedFormat = Exclude<TurnFormat, { readonly type: 'text' }>

/** Say in words which form the answer must have, for an upstream that has no field for it. */
export function describeFormat(turn: TurnRequest, format: WantedFormat): TurnRequest {
  const { items } = turn
  const first = items.findIndex((item) => item.type !== 'message' || !isInstruction(item))
  const at = first < 0 ? items.length : first
  const manual = message('system', describe(format, turn.tools.length > 0))
  return {
    ...turn,
    items: [...items.slice(0, at), manual, ...items.slice(at)],
    format: { type: 'text' },
  }
}

/** The same once more, for a model whose answer did not have the form. */
export const askAgain = (described: TurnRequest, said: string, wrong: string): TurnRequest => ({
  ...described,
  choices: 1,
  items: [
    ...described.items,
    message('assistant', said),
    message(
      'user',
      `This is not what was asked for: ${wrong}. Answer again, with all of the JSON as it should be and nothing else.`,
    ),
  ],
})

const isInstruction = ({ role }: TurnMessage): boolean => role === 'system' || role === 'developer'

const message = (role: TurnMessage['role'], text: string): TurnItem => ({
  type: 'message',
  role,
  parts: [{ type: 'text', text }],
})

function describe(format: WantedFormat, hasTools: boolean): string {
  const what = format.type === 'json' ? 'one JSON object' : 'one JSON value'
  const lines = [
    `Your answer is read by a program. It must be ${what} and nothing else: no words around it, no code fence, no comments.`,
  ]
  if (hasTools) lines.push('This holds for what you say, not for calls of tools.')
  if (format.type === 'json') return lines.join('\n')
  const { name, description, schema } = format
  const about = description ? `: ${description}` : ''
  lines.push(`It is called ${JSON.stringify(name)}${about}. It must fit this JSON Schema:`)
  return [...lines, JSON.stringify(schema)].join('\n')
}
