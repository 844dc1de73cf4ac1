import { ApiError } from '../errors'
import { within } from '../sleep'

/** What a database has to say, or an `ApiError` when it says nothing. */
export type Reach = <T>(question: Promise<T>) => Promise<T>

/** Longer than a call that is not answered takes: a server that many ask at once keeps some of them waiting. */
const PATIENCE_MS = 10_000

/** Turns failures of the database into what a client can understand. */
export const createReach =
  (onFault: (cause: unknown) => void): Reach =>
  async (question) => {
    try {
      return await within(PATIENCE_MS, question)
    } catch (cause) {
      if (cause instanceof ApiError) throw cause
      onFault(cause)
      throw new ApiError('not_ready', 'What was stored cannot be read now.', {
        cause,
        retryAfter: 1,
      })
    }
  }
