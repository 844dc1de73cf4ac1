import { editObject, type JsonObject, readObject } from '../../json'
import type { ChatMessage, ChatRequest } from './schema'

// How thinking stands within content, for clients that know no other place for it.

export const BEGIN_THOUGHT = '<think>\n'
export const END_THOUGHT = '\n</think>\n'

/** The same request without what its assistant thought aloud: no model wants its thoughts back as words. */
export function withoutThoughts(request: JsonObject<ChatRequest>): JsonObject<ChatRequest> {
  const { messages } = request.value
  const left = messages.map(withoutThought)
  if (left.every((message, at) => message === messages[at])) return request
  const text = editObject(request, { messages: JSON.stringify(left) })
  const value = { ...request.value, messages: left }
  return { text, value, members: () => readObject(text).members() }
}

function withoutThought(message: ChatMessage): ChatMessage {
  const { role, content, tool_calls: calls } = message
  if (role !== 'assistant' || !content) return message
  if (typeof content === 'string') {
    const said = afterThought(content)
    if (said === content) return message
    return { ...message, content: said === '' && calls?.length ? null : said }
  }
  const [first, ...rest] = content
  if (!first?.text) return message
  const text = afterThought(first.text)
  if (text === first.text) return message
  return {
    ...message,
    content: text === '' && rest.length > 0 ? rest : [{ ...first, text }, ...rest],
  }
}

/** What follows a thought that a text begins with. */
function afterThought(text: string): string {
  const begin = /^\s*<think>/.exec(text)
  if (!begin) return text
  const end = text.indexOf(END, begin[0].length)
  return end < 0 ? text : text.slice(end + END.length).trimStart()
}

const END = END_THOUGHT.trim()
