/** Hands values from those who make them to one who takes them, in order. */
export interface Channel<T> {
  /** Resolves when it was taken, or when nobody takes any more. */
  push(value: T): Promise<void>
  /** Nothing more is to come. */
  end(): void
  /** What went wrong, after all that was pushed before. */
  fail(cause: unknown): void
  /** Nobody takes anything any more. */
  close(): void
  /** The next value; undefined at the end. @throws what went wrong */
  next(): Promise<T | undefined>
}

interface Waiting<T> {
  readonly value: T
  readonly taken: () => void
}

/** Makes a channel that holds no more than what its makers are waiting to hand over. */
export function createChannel<T>(): Channel<T> {
  const queue: Waiting<T>[] = []
  let taker: PromiseWithResolvers<T | undefined> | undefined
  let over: { readonly cause?: unknown } | undefined
  let isClosed = false

  function settle(how: { readonly cause?: unknown }) {
    if (over) return
    over = how
    if (!taker) return
    if ('cause' in how) taker.reject(how.cause)
    else taker.resolve(undefined)
    taker = undefined
  }

  return {
    push(value) {
      if (isClosed || over) return Promise.resolve()
      if (taker) {
        taker.resolve(value)
        taker = undefined
        return Promise.resolve()
      }
      return new Promise((taken) => queue.push({ value, taken }))
    },

    end: () => settle({}),
    fail: (cause) => settle({ cause }),

    close() {
      isClosed = true
      for (const { taken } of queue.splice(0)) taken()
    },

    async next() {
      const first = queue.shift()
      if (first) {
        first.taken()
        return first.value
      }
      if (over && 'cause' in over) throw over.cause
      if (over) return
      taker = Promise.withResolvers()
      return taker.promise
    },
  }
}
