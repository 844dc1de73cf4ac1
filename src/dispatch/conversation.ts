import { hashText } from '../pool/ring'

/** A long prompt is told apart by its beginning. */
const LONGEST = 2_000

/** How a conversation begins. */
export interface Opening {
  readonly prompt_cache_key?: string | null | undefined
  readonly messages: readonly { readonly role: string; readonly content?: unknown }[]
}

/**
 * Which conversation a turn belongs to, as a 32-bit hash: as the client says, else by what does not
 * change from turn to turn: its key, the system prompt and the first words of the user.
 *
 * Turns of one conversation should meet the same account: an upstream has their prompt in its cache,
 * and bills it at a fraction.
 *
 * @param said `x-grok-conv-id`, xAI's own header for the same purpose
 */
export function conversationOf(
  { prompt_cache_key: cacheKey, messages }: Opening,
  keyId: string,
  said: string | null,
): number {
  const own = hashText(keyId)
  if (typeof cacheKey === 'string' && cacheKey !== '') return hashText(cacheKey, own)
  if (said) return hashText(said, own)
  let hash = own
  for (const { role, content } of messages) {
    if (role === 'assistant' || role === 'tool' || role === 'function') continue
    hash = hashText(textOf(content), hash, LONGEST)
    if (role === 'user') break
  }
  return hash
}

function textOf(content: unknown): string {
  if (typeof content === 'string') return content
  if (!Array.isArray(content)) return ''
  const part: unknown = content.find((one) => 'text' in one)
  const { text } = (part ?? {}) as { readonly text?: unknown }
  return typeof text === 'string' ? text : ''
}
