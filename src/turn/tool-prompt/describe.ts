import type { TurnItem, TurnPart, TurnRequest, TurnToolChoice } from '../request'
import { CALL, type ClientTool, flatName, RESULT, writeCall, writeResult } from './form'

/** The same request in words, for an upstream that knows nothing of tools. */
interface DescribedTurn {
  readonly turn: TurnRequest
  /** What the model may call now. */
  readonly tools: readonly ClientTool[]
}

/**
 * Say in words what a request says of the client's tools: which there are and how to call them, what was
 * called before, and what came of it. Tools that run at the upstream stay where they are.
 *
 * @returns undefined where there is nothing of the kind
 */
export function describeTools(turn: TurnRequest): DescribedTurn | undefined {
  const all = turn.tools.filter((tool) => tool.type !== 'hosted')
  const spoken = turn.items.some(({ type }) => type === 'call' || type === 'result')
  if (all.length === 0 && !spoken) return undefined
  const { toolChoice, parallelToolCalls } = turn
  const tools = all.filter((tool) => mayCall(toolChoice, tool))
  const items = wordItems(turn.items)
  const manual = {
    type: 'message',
    role: 'system',
    parts: [
      {
        type: 'text',
        text: tools.length > 0 ? describe(tools, toolChoice, parallelToolCalls) : SILENCE,
      },
    ],
  } as const
  const first = items.findIndex((item) => item.type !== 'message' || !isInstruction(item.role))
  const at = first < 0 ? items.length : first
  const hosted = turn.tools.filter((tool) => tool.type === 'hosted')
  return {
    turn: {
      ...turn,
      items: [...items.slice(0, at), manual, ...items.slice(at)],
      tools: hosted,
      toolChoice: hosted.length > 0 ? choiceOfHosted(toolChoice) : 'none',
    },
    tools,
  }
}

const isInstruction = (role: string): boolean => role === 'system' || role === 'developer'

const SILENCE = 'Answer in plain text now: no tool can be called.'

function mayCall(choice: TurnToolChoice, tool: ClientTool): boolean {
  if (typeof choice === 'string') return choice !== 'none'
  if ('hosted' in choice) return false
  if ('only' in choice)
    return choice.only.some((name) => name === tool.name || name === flatName(tool))
  return choice.name === tool.name && (choice.namespace ?? '') === (tool.namespace ?? '')
}

function choiceOfHosted(choice: TurnToolChoice): TurnToolChoice {
  if (choice === 'none' || (typeof choice === 'object' && 'hosted' in choice)) return choice
  return typeof choice === 'object' && 'name' in choice ? 'none' : 'auto'
}

/** The manual of the tools. `readDescribedTools` reads it back. */
function describe(tools: readonly ClientTool[], choice: TurnToolChoice, parallel: boolean): string {
  const isForced =
    choice === 'required' ||
    (typeof choice === 'object' && !('mode' in choice && choice.mode === 'auto'))
  const hasCustom = tools.some(({ type }) => type === 'custom')
  return [
    'You can call tools of the program you talk to. To call one, write this on a line of its own, and nothing around it:',
    `${CALL.open}{"name":"NAME","arguments":{…}}${CALL.close}`,
    'The arguments are a JSON object that fits the schema of the tool.',
    ...(hasCustom
      ? [
          `A tool that takes text instead is called with that text as a JSON string: ${CALL.open}{"name":"NAME","input":"TEXT"}${CALL.close}`,
        ]
      : []),
    parallel
      ? 'You may write several calls, one after the other, when none needs what another one gives.'
      : 'Write one call at most.',
    isForced
      ? 'Now you must call a tool: answer with the call, without other text.'
      : 'Call a tool when it helps; else answer as usual.',
    `After your calls, stop. The program answers with ${RESULT.open} call="ID">…${RESULT.close}; never write that yourself.`,
    `<tools choice="${isForced ? 'required' : 'auto'}" parallel="${parallel}">`,
    ...tools.map(describeTool),
    '</tools>',
  ].join('\n')
}

function describeTool(tool: ClientTool): string {
  const { description } = tool
  const name = flatName(tool)
  if (tool.type === 'function')
    return JSON.stringify({
      name,
      ...(description && { description }),
      parameters: tool.parameters,
    })
  const input = tool.format ?? { type: 'text' }
  return JSON.stringify({ name, ...(description && { description }), input })
}

type Worded = { readonly role: 'user' | 'assistant'; readonly parts: TurnPart[] }

/** What was called becomes what the assistant wrote, and what it gave becomes what the user says. */
function wordItems(items: readonly TurnItem[]): TurnItem[] {
  const worded: TurnItem[] = []
  let open: Worded | undefined
  const add = (role: Worded['role'], text: string, more: readonly TurnPart[] = []) => {
    if (open?.role !== role) {
      open = { role, parts: [] }
      worded.push({ type: 'message', ...open })
    }
    const last = open.parts.at(-1)
    if (last?.type === 'text') open.parts[open.parts.length - 1] = joined(last.text, text)
    else open.parts.push({ type: 'text', text })
    open.parts.push(...more)
  }
  for (const item of items) {
    if (item.type === 'call') {
      add('assistant', writeCall(item))
      continue
    }
    if (item.type === 'result') {
      const texts = item.parts.flatMap((part) => (part.type === 'text' ? [part.text] : []))
      const others = item.parts.filter(({ type }) => type !== 'text')
      add('user', writeResult(item.id, texts.join('\n')), others)
      continue
    }
    // What the assistant said before its calls belongs to the same message.
    const isSaid = item.type === 'message' && item.role === 'assistant'
    open = isSaid ? { role: 'assistant', parts: [...item.parts] } : undefined
    worded.push(isSaid && open ? { ...item, parts: open.parts } : item)
  }
  return worded
}

const joined = (before: string, text: string): TurnPart => ({
  type: 'text',
  text: `${before}\n${text}`,
})
