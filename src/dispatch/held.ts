import { streamBody } from '../stream/body'
import { farewell } from '../turn/chat/farewell'
import type { ChatAnswer } from './chat-reply'

interface HeldParts {
  readonly heartbeatMs: number
  readonly now: () => number
}

const COMMENT = new TextEncoder().encode(': ping\n\n')

/**
 * The answer of a stream that is held until it is whole: as it is if it is there soon, else a stream of
 * comments that keeps the connection open until it is.
 */
export async function held(
  answer: Promise<ChatAnswer>,
  { heartbeatMs, now }: HeldParts,
): Promise<ChatAnswer> {
  const { promise: late, resolve } = Promise.withResolvers<undefined>()
  const timer = setTimeout(() => resolve(undefined), heartbeatMs)
  const early = await Promise.race([answer, late]).finally(() => clearTimeout(timer))
  if (early) return early
  let sent = false
  const source = {
    async next() {
      const { body } = await answer
      if (sent || !(body instanceof Uint8Array)) return
      sent = true
      return body
    },
  }
  const head = { bytes: COMMENT, whole: false }
  const body = streamBody({ source, head, heartbeatMs, now, farewell, onEnd: () => {} })
  return { form: 'events', body }
}
