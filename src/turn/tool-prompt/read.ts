import type { TurnItem, TurnMessage, TurnPart, TurnRequest } from '../request'
import { callable, readCall } from './call'
import { CALL, type ClientTool } from './form'

/** What a model was told of tools. */
interface ToldTools {
  readonly tools: readonly ClientTool[]
  readonly toolChoice: 'auto' | 'required'
  readonly parallelToolCalls: boolean
}

const MANUAL = /^<tools choice="(auto|required)" parallel="(true|false)">\n([\s\S]*?)\n<\/tools>$/m

/** Read the description of tools out of a text that `describeTools` wrote. */
export function readDescribedTools(text: string): ToldTools | undefined {
  const [, choice, parallel, lines] = text.match(MANUAL) ?? []
  if (lines === undefined) return undefined
  return {
    tools: lines.split('\n').map(readTool),
    toolChoice: choice === 'required' ? 'required' : 'auto',
    parallelToolCalls: parallel === 'true',
  }
}

function readTool(line: string): ClientTool {
  const { name, description, parameters, input } = JSON.parse(line) as Readonly<
    Record<string, unknown>
  >
  const known = { name: String(name), description: String(description ?? '') }
  return parameters === undefined
    ? { ...known, type: 'custom', format: input as Readonly<Record<string, unknown>> }
    : {
        ...known,
        type: 'function',
        parameters: parameters as Readonly<Record<string, unknown>>,
        strict: undefined,
      }
}

/**
 * Read a request back that `describeTools` has put in words, so that the demo model understands it as a
 * real one would; undefined where no tools were described.
 */
export function readDescribedTurn(turn: TurnRequest): TurnRequest | undefined {
  for (const [at, item] of turn.items.entries()) {
    if (item.type !== 'message' || item.role !== 'system') continue
    const told = readDescribedTools(textOf(item.parts))
    if (!told) continue
    const names = callable(told.tools)
    const items = turn.items.toSpliced(at, 1)
    return { ...turn, ...told, items: items.flatMap((it) => readItem(it, names)) }
  }
  return undefined
}

const textOf = (parts: readonly TurnPart[]): string =>
  parts.map((part) => (part.type === 'text' ? part.text : '')).join('')

function readItem(item: TurnItem, names: ReturnType<typeof callable>): TurnItem[] {
  if (item.type !== 'message') return [item]
  if (item.role === 'assistant') return readCalls(item, names)
  return item.role === 'user' ? readResults(item) : [item]
}

const CALLS = new RegExp(
  `${CALL.open}(\\{"id":("(?:[^"\\\\]|\\\\.)*")[\\s\\S]*?)${CALL.close}$`,
  'gm',
)

function readCalls(item: TurnMessage, names: ReturnType<typeof callable>): TurnItem[] {
  const text = textOf(item.parts)
  const calls = [...text.matchAll(CALLS)].flatMap(([, body = '', id = '""']): TurnItem[] => {
    const call = readCall(body, names)
    if (!call) return []
    return [{ type: 'call', id: JSON.parse(id), ...call.tool, arguments: call.arguments }]
  })
  if (calls.length === 0) return [item]
  const said = text.replace(CALLS, '').trim()
  const message: TurnMessage = { ...item, parts: [{ type: 'text', text: said }] }
  return said === '' ? calls : [message, ...calls]
}

const RESULTS = /<tool_result call=("(?:[^"\\]|\\.)*")>([\s\S]*?)<\/tool_result>/g

function readResults(item: TurnMessage): TurnItem[] {
  const results = [...textOf(item.parts).matchAll(RESULTS)].map(
    ([, id = '""', text = '']): TurnItem => ({
      type: 'result',
      id: JSON.parse(id),
      parts: [{ type: 'text', text }],
      custom: false,
    }),
  )
  return results.length > 0 ? results : [item]
}
