import type { UpstreamFault } from '../errors'
import type { Source } from '../stream/source'

/** How an upstream's body is read. */
export interface Reading {
  readonly body: ReadableStream<Uint8Array>
  /** Called before we wait for the upstream and after we have waited. */
  readonly waiting: () => void
  readonly waited: () => void
  /** Close the connection: the answer is whole, but the upstream does not end it. */
  readonly hangUp: () => void
  /** Turn what is thrown while reading into a fault. */
  readonly asFault: (cause: unknown) => unknown
}

/** Makes an upstream's bytes into those for the client. */
interface Passage {
  push(bytes: Uint8Array): Uint8Array
  end(): Uint8Array
  /** What ended the answer before it was whole; what was pushed until then is good. */
  fault(): UpstreamFault | undefined
  /** Whether the answer is whole, so that nothing more is to come. */
  isDone(): boolean
}

/** How long an upstream may take to close a stream that is whole. */
const PATIENCE_MS = 1_000

/** What comes through the passage while an upstream's body is read to its end. */
export function readThrough(passage: Passage, reading: Reading): Source {
  const { waiting, waited, asFault } = reading
  const reader = reading.body.getReader()
  let ended = false

  async function read(): Promise<Uint8Array | undefined> {
    waiting()
    try {
      const { done, value } = await reader.read()
      return done ? undefined : value
    } catch (cause) {
      throw asFault(cause)
    } finally {
      waited()
    }
  }

  /** An upstream that ends its answer keeps its connection for the next one; another loses it. */
  function awaitEnd() {
    const timer = setTimeout(reading.hangUp, PATIENCE_MS)
    reader.read().then(
      ({ done }) => {
        clearTimeout(timer)
        if (!done) reading.hangUp()
      },
      () => clearTimeout(timer),
    )
  }

  function push(bytes: Uint8Array): Uint8Array {
    try {
      return passage.push(bytes)
    } catch (cause) {
      throw asFault(cause)
    }
  }

  return {
    async next() {
      while (!ended) {
        const bytes = await read()
        const out = bytes ? push(bytes) : passage.end()
        ended = bytes === undefined || passage.fault() !== undefined
        if (passage.isDone() && !ended) {
          // Whatever comes after the end is read for the sake of the connection, and not waited for.
          ended = true
          awaitEnd()
        }
        if (out.length > 0) return out
      }
      const fault = passage.fault()
      if (fault) throw fault
      return
    },
  }
}
