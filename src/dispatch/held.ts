import { streamBody } from '../stream/body'
import type { Answer } from './turn'

interface HeldParts {
  readonly heartbeatMs: number
  readonly now: () => number
  /** What a client is told when there is no answer after all. */
  readonly farewell: (cause: unknown) => Uint8Array
  /** The farewell is a proper end of the stream. */
  readonly endsBroken: boolean
}

const COMMENT = new TextEncoder().encode(': ping\n\n')

/**
 * The answer of a stream that is held until it is whole: as it is if it is there soon, else a stream of
 * comments that keeps the connection open until it is.
 */
export async function held(answer: Promise<Answer>, parts: HeldParts): Promise<Answer> {
  const { promise: late, resolve } = Promise.withResolvers<undefined>()
  const timer = setTimeout(() => resolve(undefined), parts.heartbeatMs)
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
  const body = streamBody({ source, head, ...parts, onEnd: () => {} })
  return { form: 'events', body }
}
