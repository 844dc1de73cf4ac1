import type { Source } from '../../stream/source'
import type { TurnEvent } from '../event'
import type { createChatStream } from './encode'

/** The bytes of a chat stream made from events. */
export function createEventSource(
  events: AsyncIterable<TurnEvent>,
  stream: ReturnType<typeof createChatStream>,
): Source {
  const iterator = events[Symbol.asyncIterator]()
  let ended = false
  return {
    async next() {
      while (!ended) {
        const { done, value } = await iterator.next()
        if (done) {
          ended = true
          return stream.end()
        }
        const bytes = stream.push(value)
        if (bytes.length > 0) return bytes
      }
      return
    },
  }
}
