import { ApiError } from '../errors'
import { within } from '../sleep'

/** What a database has to say, or an `ApiError` when it says nothing. */
export type Reach = <T>(question: Promise<T>) => Promise<T>

/** A database may also be away without a word, and clients wait for no longer than this. */
const PATIENCE_MS = 5_000

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
