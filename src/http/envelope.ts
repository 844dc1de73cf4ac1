import { newRequestId } from '../crypto'
import { ApiError } from '../errors'
import type { Key } from '../store/keys'
import { type Listener, type RequestContext, setContext } from './context'
import { failureResponse, unknownPath } from './failures'

interface EnvelopeParts {
  readonly handle: (request: Request) => Response | Promise<Response>
  readonly now: () => number
  readonly onBug: (error: unknown) => void
  /** Adds what the answers to a key's calls say about its limits. */
  readonly describeLimits: (key: Key, headers: Headers) => void
  /** Whether clients are to go elsewhere with what they ask next. */
  readonly isDraining: () => boolean
}

/** OpenAI takes less than this in all request headers together, in bytes. */
const MOST_HEADER_BYTES = 64 * 1024

/**
 * What every answer has in common, whoever made it: a request id, what is left of the key's limits, and
 * no way for a mistake of ours to leave a client without an answer.
 */
export function createEnvelope(parts: EnvelopeParts) {
  const { handle, now, onBug, describeLimits, isDraining } = parts
  return async (request: Request, listener?: Listener): Promise<Response> => {
    const requestId = newRequestId(now())
    const context: RequestContext = { requestId, original: request, listener }
    let response: Response
    try {
      const routable = normalise(request)
      setContext(routable, context)
      const flooded = headerBytes(request.headers) > MOST_HEADER_BYTES
      response = flooded ? tooMuch() : await handle(routable)
    } catch (error) {
      if (!(error instanceof ApiError)) onBug(error)
      const known = error instanceof ApiError ? error : undefined
      response = failureResponse(known ?? new ApiError('internal_error', 'Groxy failed.'))
    }
    response.headers.set('x-request-id', requestId)
    if (isDraining()) response.headers.set('connection', 'close')
    if (context.key) describeLimits(context.key, response.headers)
    return response
  }
}

const WELL_FORMED = /^https?:\/\/(?:\[[\da-f:.]+\]|[\w.-]+)(?::\d+)?\//i

/** Elysia's router looks for the path from here on. */
const SHORTEST_ORIGIN = 11

/** A request whose `Host` cannot lead the router, or anyone who parses its URL, astray. */
function normalise(request: Request): Request {
  const { url } = request
  if (!WELL_FORMED.test(url)) throw new ApiError('invalid_value', 'The Host header is malformed.')
  if (url.includes('%')) requireDecodable(url)
  const path = url.indexOf('/', 'https://'.length)
  return path >= SHORTEST_ORIGIN
    ? request
    : new Request(`http://localhost${url.slice(url.indexOf('/', 'http://'.length))}`, request)
}

/** Of what cannot be decoded, Elysia makes a parameter that is null. */
function requireDecodable(url: string): void {
  const [path = ''] = url.split('?', 1)
  try {
    decodeURIComponent(path)
  } catch {
    throw unknownPath(path.slice(path.indexOf('/', 'https://'.length)))
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
