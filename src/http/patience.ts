/** What a promise brings, unless it takes too long. */
export async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(reject, ms, new Error(`There was no answer within ${ms} ms.`))
  try {
    return await Promise.race([work, promise])
  } finally {
    clearTimeout(timer)
  }
}
