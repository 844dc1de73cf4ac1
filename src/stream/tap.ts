/**
 * The same bytes, and word of their end: `undefined` when they were whole, else why not. A reader
 * who leaves is told apart by `LEFT`.
 */
export function tapEnd(
  source: ReadableStream<Uint8Array>,
  onEnd: (why?: unknown) => void,
): ReadableStream<Uint8Array> {
  const reader = source.getReader()
  return new ReadableStream(
    {
      async pull(controller) {
        try {
          const { done, value } = await reader.read()
          if (!done) return controller.enqueue(value)
          onEnd()
          controller.close()
        } catch (cause) {
          onEnd(cause)
          controller.error()
        }
      },
      cancel() {
        onEnd(LEFT)
      },
    },
    { highWaterMark: 0 },
  )
}

/** Why a tapped stream ended when its reader left. */
export const LEFT = Symbol('left')
