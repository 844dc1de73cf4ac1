interface TapParts {
  /** Changes bytes on their way. */
  readonly filter: {
    push(bytes: Uint8Array): Uint8Array
    end(): Uint8Array
  }
  /** Called once: with nothing when the bytes were whole, else with why not. */
  readonly onEnd: (why?: unknown) => void
}

/** Bytes on their way, and word of their end. A reader who leaves is told apart by `LEFT`. */
export function tap(
  source: ReadableStream<Uint8Array>,
  { filter, onEnd }: TapParts,
): ReadableStream<Uint8Array> {
  const reader = source.getReader()
  return new ReadableStream(
    {
      async pull(controller) {
        try {
          for (;;) {
            const { done, value } = await reader.read()
            const bytes = done ? filter.end() : filter.push(value)
            if (bytes.length > 0) controller.enqueue(bytes)
            if (done) break
            if (bytes.length > 0) return
          }
          onEnd()
          controller.close()
        } catch (cause) {
          onEnd(cause)
          controller.error()
        }
      },
      async cancel() {
        onEnd(LEFT)
        await reader.cancel(LEFT).catch(() => {})
      },
    },
    { highWaterMark: 0 },
  )
}

/** Why a tapped stream ended when its reader left. */
export const LEFT = Symbol('left')
