/** How far something has grown, and word of it for those who wait. */
export interface Growth {
  size(): number
  /** Resolves when there is more than this, or nothing more to come. @throws what it failed with */
  beyond(size: number): Promise<void>
  /** What it failed with, if it did. */
  failure(): unknown
}

interface Waiter {
  readonly size: number
  readonly resolve: () => void
  readonly reject: (cause: unknown) => void
}

/** Counts bytes that come one after the other. */
export function createGrowth() {
  let size = 0
  let state: 'growing' | 'whole' | 'failed' = 'growing'
  let failure: unknown
  let waiters: Waiter[] = []

  const growth: Growth = {
    size: () => size,
    beyond(wanted) {
      if (size > wanted || state === 'whole') return Promise.resolve()
      if (state === 'failed') return Promise.reject(failure)
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      waiters.push({ size: wanted, resolve, reject })
      return promise
    },
    failure: () => failure,
  }

  return {
    growth,

    grow(bytes: number): void {
      size += bytes
      if (waiters.length === 0) return
      const reached = waiters.filter((waiter) => waiter.size < size)
      waiters = waiters.filter((waiter) => waiter.size >= size)
      for (const { resolve } of reached) resolve()
    },

    end(): void {
      state = 'whole'
      for (const { resolve } of waiters) resolve()
      waiters = []
    },

    fail(cause: unknown): void {
      state = 'failed'
      failure = cause
      for (const { reject } of waiters) reject(cause)
      waiters = []
    },
  }
}

interface FollowParts {
  readonly growth: Growth
  /** Bytes that are there already. */
  readonly read: (from: number, to: number) => Promise<ReadableStream<Uint8Array>>
  readonly from: number
  /** Where to stop; at its end where that is left open. */
  readonly to: number | undefined
}

/** Reads what is still growing, as fast as it grows and as its reader asks. It breaks where the growing does. */
export function follow({ growth, read, from, to }: FollowParts): ReadableStream<Uint8Array> {
  let at = from
  let piece: ReadableStreamDefaultReader<Uint8Array> | undefined
  let isGone = false

  async function next(): Promise<Uint8Array | undefined> {
    for (;;) {
      const found = await piece?.read()
      if (found && !found.done) return found.value
      piece = undefined
      if (at === to) return
      await growth.beyond(at)
      const end = Math.min(growth.size(), to ?? growth.size())
      if (at >= end || isGone) return
      const more = await read(at, end).catch((cause) => {
        // What had come is gone where the rest did not come.
        throw growth.failure() ?? cause
      })
      if (isGone) return void more.cancel().catch(() => {})
      piece = more.getReader()
    }
  }

  return new ReadableStream(
    {
      async pull(controller) {
        const bytes = await next()
        if (isGone) return
        if (!bytes) return controller.close()
        at += bytes.length
        controller.enqueue(bytes)
      },
      async cancel() {
        isGone = true
        await piece?.cancel()
      },
    },
    { highWaterMark: 0 },
  )
}
