import { ApiError } from '../errors'

/** What a database has to say, or an `ApiError` when it says nothing. */
export type Reach = <T>(question: Promise<T>) => Promise<T>

/** Turns failures of the database into what a client can understand. */
export const createReach =
  (onFault: (cause: unknown) => void): Reach =>
  async (question) => {
    try {
      return await question
    } catch (cause) {
      if (cause instanceof ApiError) throw cause
      onFault(cause)
      throw new ApiError('not_ready', 'What was stored cannot be read now.', {
        cause,
        retryAfter: 1,
      })
    }
  }
