import { messageOf } from '../errors'
import type { LedgerContent } from '../store/ledger'
import { concatBytes } from '../stream/bytes'
import { tap } from '../stream/tap'
import type { Answer } from './turn'

/** What is kept of a request, and of an answer, in characters or bytes. */
const MOST_KEPT = 256 * 1024

interface Asked {
  readonly requestId: string
  readonly at: number
  readonly request: string
}

/** Hands on a copy of what a turn says, once, when its answer has ended or failed. */
export function createContentKeeper(keep: (content: LedgerContent) => void) {
  const note = ({ requestId, at, request }: Asked, answer: string) =>
    keep({
      requestId,
      at,
      request: request.slice(0, MOST_KEPT),
      answer: answer.slice(0, MOST_KEPT),
    })

  return {
    /** The turn ended without an answer. */
    failed: (asked: Asked, cause: unknown): void => note(asked, messageOf(cause)),

    /** The same answer, which is noted while it passes. */
    answered(asked: Asked, answer: Answer): Answer {
      const { body } = answer
      if (typeof body === 'string' || body instanceof Uint8Array) {
        note(asked, typeof body === 'string' ? body : decode([body]))
        return answer
      }
      const pieces: Uint8Array[] = []
      let size = 0
      const push = (bytes: Uint8Array) => {
        if (size < MOST_KEPT) pieces.push(bytes.slice(0, MOST_KEPT - size))
        size += bytes.length
        return bytes
      }
      const filter = { push, end: () => NOTHING }
      return {
        ...answer,
        form: 'events',
        body: tap(body, { filter, onEnd: () => note(asked, decode(pieces)) }),
      }
    },
  }
}

export type ContentKeeper = ReturnType<typeof createContentKeeper>

const NOTHING = new Uint8Array()

const decode = (pieces: readonly Uint8Array[]): string =>
  new TextDecoder().decode(concatBytes(pieces).subarray(0, MOST_KEPT))
