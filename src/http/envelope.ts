import { ApiError } from '../errors'
import { setContext } from './context'
import { failureResponse } from './failures'

interface EnvelopeParts {
  readonly handle: (request: Request) => Response | Promise<Response>
  readonly newId: () => string
  readonly onBug: (error: unknown) => void
}

/** OpenAI takes less than this in all request headers together, in bytes. */
const MOST_HEADER_BYTES = 64 * 1024

/**
 * What every answer has in common, whoever made it: a request id, and no way for a mistake of ours to
 * leave a client without an answer.
 */
export function createEnvelope({ handle, newId, onBug }: EnvelopeParts) {
  return async (request: Request): Promise<Response> => {
    const requestId = `req_${newId()}`
    setContext(request, { requestId })
    let response: Response
    try {
      response =
        headerBytes(request.headers) > MOST_HEADER_BYTES ? tooMuch() : await handle(request)
    } catch (error) {
      onBug(error)
      response = failureResponse(new ApiError('internal_error', 'Groxy failed.'))
    }
    response.headers.set('x-request-id', requestId)
    return response
  }
}

const tooMuch = () =>
  failureResponse(
    new ApiError(
      'headers_too_large',
      `The request headers are larger than ${MOST_HEADER_BYTES} bytes.`,
    ),
  )

function headerBytes(headers: Headers): number {
  let bytes = 0
  headers.forEach((value, name) => {
    bytes += name.length + value.length + 4
  })
  return bytes
}
