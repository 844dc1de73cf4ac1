import type { Source } from '../stream/source'
import type { TurnEncoder } from './codec'
import { createEncodedBytes } from './encoded-bytes'
import type { TurnEvent } from './event'

const NONE: readonly TurnEvent[] = []

/** The bytes of a stream made from events. */
export function createEventSource(events: AsyncIterable<TurnEvent>, encoder: TurnEncoder): Source {
  const iterator = events[Symbol.asyncIterator]()
  const bytes = createEncodedBytes(encoder)
  let ended = false
  return {
    async next() {
      while (!ended) {
        const { done, value } = await iterator.next()
        ended = done === true
        const out = bytes.push(done ? NONE : [value], ended)
        if (out.length > 0) return out
      }
      return
    },
  }
}
