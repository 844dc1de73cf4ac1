import type { TurnEncoder } from './codec'
import type { TurnEvent } from './event'

const utf8 = new TextEncoder()
const NOTHING = new Uint8Array()

/**
 * Writes events as bytes. None come out before the first event that a client can use, so that
 * everything earlier may still fail over unseen.
 */
export function createEncodedBytes(encoder: TurnEncoder) {
  let held = ''
  let isUseful = false

  return {
    /** Write events, which are the last ones if the answer is over. */
    push(events: readonly TurnEvent[], isOver: boolean): Uint8Array {
      let text = held
      held = ''
      for (const event of events) {
        isUseful ||= event.type !== 'thought' && event.type !== 'usage'
        text += encoder.push(event)
      }
      if (isOver) text += encoder.end()
      if (isUseful || isOver) return text === '' ? NOTHING : utf8.encode(text)
      held = text
      return NOTHING
    },
  }
}
