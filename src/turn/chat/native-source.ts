import type { Source } from '../../stream/source'
import type { NativeStream } from './native-stream'

interface NativeSourceParts {
  readonly body: ReadableStream<Uint8Array>
  readonly stream: NativeStream
  /** Called before we wait for the upstream and after we have waited. */
  readonly waiting: () => void
  readonly waited: () => void
  /** Close the connection: the answer is whole, but the upstream does not end it. */
  readonly hangUp: () => void
  /** Turn what is thrown while reading into a fault. */
  readonly asFault: (cause: unknown) => unknown
}

/** How long an upstream may take to close a stream after `[DONE]`. */
const PATIENCE_MS = 1_000

/** The bytes of an upstream's stream, mended. */
export function createNativeSource(parts: NativeSourceParts): Source {
  const { stream, waiting, waited, asFault } = parts
  const reader = parts.body.getReader()
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
    const timer = setTimeout(parts.hangUp, PATIENCE_MS)
    reader.read().then(
      ({ done }) => {
        clearTimeout(timer)
        if (!done) parts.hangUp()
      },
      () => clearTimeout(timer),
    )
  }

  function push(bytes: Uint8Array): Uint8Array {
    try {
      return stream.push(bytes)
    } catch (cause) {
      throw asFault(cause)
    }
  }

  return {
    async next() {
      while (!ended) {
        const bytes = await read()
        const out = bytes ? push(bytes) : stream.end()
        ended = bytes === undefined || stream.fault() !== undefined
        if (stream.isDone() && !ended) {
          // Whatever comes after the end is read for the sake of the connection, and not waited for.
          ended = true
          awaitEnd()
        }
        if (out.length > 0) return out
      }
      const fault = stream.fault()
      if (fault) throw fault
      return
    },
  }
}
