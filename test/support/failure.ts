import { expect } from 'bun:test'

/** What a promise was rejected with, which must be of this class. */
export async function failureOf<T extends Error>(
  work: PromiseLike<unknown>,
  kind: new (...parts: never[]) => T,
): Promise<T> {
  const cause: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(cause).toBeInstanceOf(kind)
  if (!(cause instanceof kind)) throw new Error('It did not fail.')
  return cause
}
