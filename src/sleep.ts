/** Wait by the clock, which works in every runtime. */
export const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

/** Wait for work, and no longer than so many milliseconds; says whether it ended in that time. */
export async function atMost(ms: number, work: Promise<unknown>): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<false>()
  const timer = setTimeout(resolve, ms, false)
  try {
    return await Promise.race([work.then(() => true), promise])
  } finally {
    // One that is left holds up the end of a Worker's answer.
    clearTimeout(timer)
  }
}
