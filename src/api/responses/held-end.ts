const LAST_EVENT = /^event: response\.(?:completed|incomplete|failed)$/m

/**
 * The stream of an answer whose last event comes when what was said is written: who reads that event goes on
 * in the same conversation, maybe at another instance.
 *
 * @param written comes true in any case, and not too late
 */
export function endWhenWritten(
  body: ReadableStream<Uint8Array>,
  written: () => Promise<void>,
): ReadableStream<Uint8Array> {
  const reader = body.getReader()
  const decoder = new TextDecoder()
  const last: Uint8Array[] = []
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        for (;;) {
          const { done, value } = await reader.read()
          if (done) break
          if (last.length === 0 && !LAST_EVENT.test(decoder.decode(value)))
            return controller.enqueue(value)
          last.push(value)
        }
        await written()
        for (const bytes of last) controller.enqueue(bytes)
        controller.close()
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  )
}
