import { Elysia } from 'elysia'
import { ApiError, SetupError } from '../errors'
import type { Complaint } from './complaint'

/** Turn everything a route can throw into the one error shape of `src/errors.ts`. */
export const failures = (onBug: (error: unknown) => void) =>
  new Elysia({ name: 'failures' }).onError({ as: 'global' }, ({ code, error, path }) => {
    const failure = explain(code, error, path)
    if (failure.code === 'internal_error') onBug(error)
    return failureResponse(failure)
  })

/** An error as OpenAI answers it. */
export function failureResponse(failure: ApiError): Response {
  const { retryAfter } = failure.details
  return new Response(JSON.stringify(failure.toBody()), {
    status: failure.status,
    headers: {
      'content-type': 'application/json',
      ...(retryAfter !== undefined && { 'retry-after': String(retryAfter) }),
    },
  })
}

function explain(code: unknown, error: unknown, path: string): ApiError {
  if (error instanceof ApiError) return error
  if (error instanceof SetupError)
    return new ApiError('not_ready', 'Groxy is not set up rightly: its operator finds why in the log.')
  switch (code) {
    case 'VALIDATION':
      return invalid(error as { readonly all?: readonly Complaint[] })
    case 'PARSE':
      return new ApiError('invalid_json', 'The body is not valid JSON.')
    case 'NOT_FOUND':
      return unknownPath(path)
    default:
      return new ApiError('internal_error', 'Groxy failed. The log says more under the request id.', {
        cause: error,
      })
  }
}

export const unknownPath = (path: string): ApiError =>
  new ApiError('unknown_path', `Unknown path: ${path.slice(0, 200)}. GET /openapi.json lists all of them.`)

function invalid({ all }: { readonly all?: readonly Complaint[] }): ApiError {
  const first = all?.[0]
  const param = [first?.path ?? []].flat().map(String).join('.')
  const problem = first?.message ?? 'is not valid'
  return new ApiError('invalid_value', param ? `'${param}' ${problem}.` : `The body ${problem}.`, {
    param: param || undefined,
  })
}
