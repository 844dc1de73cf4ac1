import { sleep } from '../../sleep'

/** How often a response that another instance works on is looked at. */
const LOOK_MS = 1_000

const utf8 = new TextEncoder()
const HEARTBEAT = utf8.encode(': ping\n\n')

/**
 * The stream of a response that another instance works on: comments until it is over, then all its
 * events at once.
 *
 * @param look gives the events when it is over; an empty text when there are none to wait for
 */
export function awaited(
  look: () => Promise<string | undefined>,
  heartbeatMs: number,
): ReadableStream<Uint8Array> {
  let gone = false
  // At once the first time: Bun sends no head before there is something to send.
  let isNew = true
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        for (let waitedMs = isNew ? heartbeatMs : 0; !gone; waitedMs += LOOK_MS) {
          const events = await look()
          if (events !== undefined) {
            if (events !== '') controller.enqueue(utf8.encode(events))
            return controller.close()
          }
          isNew = false
          if (waitedMs >= heartbeatMs) return controller.enqueue(HEARTBEAT)
          await sleep(LOOK_MS)
        }
      },
      cancel() {
        gone = true
      },
    },
    { highWaterMark: 0 },
  )
}
