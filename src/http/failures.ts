import { Elysia } from 'elysia'
import { ApiError, type FailureCode, SetupError } from '../errors'
import { isOutage } from '../store/fault'

/** Turn everything a route can throw into the one error shape of `src/errors.ts`. */
export const failures = (
  onFailure: (failure: ApiError, error: unknown, request: Request) => void,
) =>
  new Elysia({ name: 'failures' }).onError({ as: 'global' }, ({ code, error, path, request }) => {
    const failure = explain(code, error, path)
    onFailure(failure, error, request)
    return failureResponse(failure)
  })

/** What would only happen again, though OpenAI's SDKs try again by themselves what has such a status. */
const VAIN: ReadonlySet<FailureCode> = new Set(['storage_full', 'images_incomplete'])

/** An error as OpenAI answers it. */
export function failureResponse(failure: ApiError): Response {
  const { retryAfter, allow, headers } = failure.details
  return new Response(JSON.stringify(failure.toBody()), {
    status: failure.status,
    headers: {
      'content-type': 'application/json',
      ...(retryAfter !== undefined && { 'retry-after': String(retryAfter) }),
      ...(VAIN.has(failure.code) && { 'x-should-retry': 'false' }),
      ...(allow && { allow: allow.join(', ') }),
      ...headers,
    },
  })
}

function explain(code: unknown, error: unknown, path: string): ApiError {
  if (error instanceof ApiError) return error
  if (error instanceof SetupError)
    return new ApiError(
      'not_ready',
      'Groxy is not set up rightly: its operator finds why in the log.',
    )
  if (code === 'NOT_FOUND') return unknownPath(path)
  if (isOutage(error)) return databaseAway(error)
  return new ApiError('internal_error', 'Groxy failed. The log says more under the request id.', {
    cause: error,
  })
}

/** What is said of a database that is away. */
export const AWAY =
  'The database of this gateway does not answer, or takes no changes, just now. Try again soon.'

/** What needs the database, while that cannot be asked or written to. */
export const databaseAway = (cause: Error): ApiError =>
  new ApiError('not_ready', AWAY, { cause, retryAfter: 2 })

export const unknownPath = (path: string): ApiError =>
  new ApiError(
    'unknown_path',
    `Unknown path: ${path.slice(0, 200)}. GET /openapi.json lists all of them.`,
  )
