import type { Source } from '../stream/source'
import type { TurnEncoder } from './codec'
import { createEncodedBytes } from './encoded-bytes'
import type { TurnEvent } from './event'

const NONE: readonly TurnEvent[] = []

interface EventSourceParts {
  readonly events: AsyncIterable<TurnEvent>
  readonly encoder: TurnEncoder
  /** Told when the upstream is waited for, and when it has said something. */
  readonly waiting: () => void
  readonly waited: () => void
}

/** The bytes of a stream made from events. */
export function createEventSource({ events, encoder, waiting, waited }: EventSourceParts): Source {
  const iterator = events[Symbol.asyncIterator]()
  const bytes = createEncodedBytes(encoder)
  let ended = false
  return {
    async next() {
      while (!ended) {
        waiting()
        const { done, value } = await iterator.next()
        waited()
        ended = done === true
        const out = bytes.push(done ? NONE : [value], ended)
        if (out.length > 0) return out
      }
      return
    },
  }
}
