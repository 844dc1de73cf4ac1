/** Work on items side by side, so many at once at most; ends early when the signal aborts. */
export async function inParallel<T>(
  items: Iterable<T>,
  most: number,
  work: (item: T) => Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  const waiting = items[Symbol.iterator]()
  const next = async (): Promise<void> => {
    for (;;) {
      if (signal?.aborted) return
      const { done, value } = waiting.next()
      if (done) return
      await work(value)
    }
  }
  await Promise.all(Array.from({ length: most }, next))
}
