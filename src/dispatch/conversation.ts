import { hashText } from '../pool/ring'
import type { ChatRequest } from '../turn/chat/schema'

/** A long prompt is told apart by its beginning. */
const LONGEST = 2_000

/**
 * Which conversation a chat belongs to, as a 32-bit hash: as the client says, else by what does not
 * change from turn to turn: its key, the system prompt and the first words of the user.
 *
 * Turns of one conversation should meet the same account: an upstream has their prompt in its cache,
 * and bills it at a fraction.
 *
 * @param said `x-grok-conv-id`, xAI's own header for the same purpose
 */
export function conversationOf(
  { prompt_cache_key: cacheKey, messages }: ChatRequest,
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

type Content = ChatRequest['messages'][number]['content']

function textOf(content: Content): string {
  if (typeof content === 'string') return content
  if (!Array.isArray(content)) return ''
  const part: unknown = content.find((one) => 'text' in one)
  const { text } = (part ?? {}) as { readonly text?: unknown }
  return typeof text === 'string' ? text : ''
}
