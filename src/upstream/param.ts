import type { Ask } from './upstream'

/** The field of a request that holds what was said. */
export const fieldOf = ({ dialect }: Ask): string => (dialect === 'chat' ? 'messages' : 'input')

/** Where in a request a text stands; in its conversation, if that was not sent along. */
export function paramOf(text: string, ask: Ask): string {
  const field = fieldOf(ask)
  if (ask.dialect === 'responses') return find(ask.request.input, text, field, bracketed) ?? field
  return find(ask.request.value.messages, text, field, dotted) ?? field
}

type Step = (path: string, key: string | number) => string

/** OpenAI's chat and its Responses API write paths differently. */
const dotted: Step = (path, key) => `${path}.${key}`
const bracketed: Step = (path, key) =>
  typeof key === 'number' ? `${path}[${key}]` : dotted(path, key)

function find(value: unknown, text: string, path: string, step: Step): string | undefined {
  if (value === text) return path
  if (typeof value !== 'object' || value === null) return
  const members = Array.isArray(value) ? value.entries() : Object.entries(value)
  for (const [key, member] of members) {
    const found = find(member, text, step(path, key), step)
    if (found) return found
  }
  return
}
