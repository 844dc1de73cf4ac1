import { wrapInput } from '../custom-tool'
import type { TurnCall, TurnItem, TurnMessage, TurnPart, TurnResult } from '../request'
import { type Content, isWords, textOf, writeContent, writePart } from './written-parts'

/** A message as chat writes it. */
interface Message {
  readonly role: 'system' | 'user' | 'assistant' | 'tool'
  readonly content: Content | null
  readonly name?: string | undefined
  readonly tool_calls?: readonly object[]
  readonly tool_call_id?: string
}

interface Terms {
  readonly nameOf: (call: TurnCall) => string
  /** Takes the types of the items that chat has nothing of the kind for. */
  readonly dropped: Set<string>
}

/** What an assistant says before the next one speaks: its words, and what it calls. */
interface Answer {
  readonly parts: TurnPart[]
  readonly calls: TurnCall[]
  readonly name: string | undefined
}

/**
 * Write a conversation as chat messages. There an assistant's calls are one message, with its words
 * before them, and what each of them gave follows at once: servers refuse anything else.
 *
 * Thoughts stay out: the servers that show them do not want them back.
 */
export function writeMessages(items: readonly TurnItem[], terms: Terms): readonly Message[] {
  const pairs = pair(items)
  const messages: Message[] = []
  let answer: Answer | undefined
  const close = () => {
    if (answer) pushAnswer(messages, answer, pairs, terms)
    answer = undefined
  }
  for (const item of items)
    switch (item.type) {
      case 'thought':
        break
      case 'hosted':
        terms.dropped.add(item.item.type)
        break
      case 'call':
        answer ??= { parts: [], calls: [], name: undefined }
        answer.calls.push(item)
        break
      case 'result':
        close()
        if (!pairs.answered.has(item)) messages.push(orphan(item))
        break
      case 'message':
        if (item.role !== 'assistant') {
          close()
          messages.push(writeMessage(item))
          break
        }
        // What is said between calls belongs to their message.
        if (answer?.calls.length === 0) close()
        answer ??= { parts: [], calls: [], name: item.name }
        answer.parts.push(...item.parts)
    }
  close()
  return messages
}

interface Pairs {
  readonly results: ReadonlyMap<TurnCall, TurnResult>
  readonly answered: ReadonlySet<TurnResult>
}

/** Which result belongs to which call. Some servers count their ids anew in every turn. */
function pair(items: readonly TurnItem[]): Pairs {
  const open = new Map<string, TurnCall[]>()
  const results = new Map<TurnCall, TurnResult>()
  const answered = new Set<TurnResult>()
  for (const item of items) {
    if (item.type === 'call') {
      const waiting = open.get(item.id)
      if (waiting) waiting.push(item)
      else open.set(item.id, [item])
    }
    if (item.type !== 'result') continue
    const call = open.get(item.id)?.shift()
    if (!call) continue
    results.set(call, item)
    answered.add(item)
  }
  return { results, answered }
}

/** The templates of many models know no developers, and those that do take a system for one. */
const writeMessage = ({ role, parts, name }: TurnMessage): Message => ({
  role: role === 'developer' ? 'system' : role,
  content: writeContent(parts),
  name,
})

function pushAnswer(
  messages: Message[],
  { parts, calls, name }: Answer,
  { results }: Pairs,
  { nameOf }: Terms,
) {
  const content = textOf(parts)
  if (calls.length === 0) {
    messages.push({ role: 'assistant', content, name })
    return
  }
  messages.push({
    role: 'assistant',
    content: content === '' ? null : content,
    name,
    tool_calls: calls.map((call) => writeCall(call, nameOf(call))),
  })
  const shown: object[] = []
  for (const call of calls) {
    const given = results.get(call)?.parts ?? [UNANSWERED]
    const pictures = given.filter((part) => !isWords(part))
    const text = textOf(given)
    messages.push({
      role: 'tool',
      tool_call_id: call.id,
      content: text === '' && pictures.length > 0 ? BELOW : text,
    })
    if (pictures.length === 0) continue
    // A tool message holds nothing but text.
    shown.push({ type: 'text', text: `From the output of ${call.name}:` })
    shown.push(...pictures.map(writePart))
  }
  if (shown.length > 0) messages.push({ role: 'user', content: shown })
}

const UNANSWERED: TurnPart = { type: 'text', text: 'There is no output of this call.' }
const BELOW = 'The output follows in the next message of the user.'

const writeCall = ({ id, custom, arguments: given }: TurnCall, name: string) => ({
  id,
  type: 'function',
  function: {
    name,
    arguments: custom ? wrapInput(given) : given || '{}',
  },
})

/** A result whose call is not in the conversation any more. */
const orphan = ({ id, parts }: TurnResult): Message => ({
  role: 'user',
  content: writeContent([{ type: 'text', text: `Output of the tool call ${id}:` }, ...parts]),
})
