/** Wait by the clock, which works in every runtime. */
export const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

/** Time passes by so many steps: while the processor is busy with turns it is one that is late, not all. */
const STEPS = 8

/**
 * What a promise brings, unless it takes too long. What came while nobody had time to look did not take too
 * long: a busy instance would take a database for silent that is not.
 */
export async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>()
  let left = STEPS
  let timer: ReturnType<typeof setTimeout> | undefined
  const pass = () => {
    if (left-- === 0) return reject(new Error(`There was no answer within ${ms} ms.`))
    timer = setTimeout(pass, ms / STEPS)
  }
  pass()
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
