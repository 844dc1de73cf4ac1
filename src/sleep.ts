/** Wait by the clock, which works in every runtime. */
export const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

/** What a promise brings, unless it takes too long. */
export async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(reject, ms, new Error(`There was no answer within ${ms} ms.`))
  try {
    return await Promise.race([work, promise])
  } finally {
    // One that is left holds up the end of a Worker's answer.
    clearTimeout(timer)
  }
}

/** Wait for work, and no longer than so many milliseconds; says whether it ended in that time. */
export async function atMost(ms: number, work: Promise<unknown>): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<false>()
  const timer = setTimeout(resolve, ms, false)
  try {
    return await Promise.race([work.then(() => true), promise])
  } finally {
    clearTimeout(timer)
  }
}
