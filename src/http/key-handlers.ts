import { ApiError } from '../errors'
import type { Key } from '../store/keys'
import type { Auth } from './auth'
import { requestIdOf } from './context'
import { asksForSocket } from './socket'

interface CallerParts {
  readonly auth: Auth
  /** For callers who bring a key of their own: the call is theirs, and goes to xAI as it is. */
  readonly forwardOwn: (request: Request, secret: string) => Promise<Response>
}

/** Who calls with one of our keys. */
export interface KeyCaller {
  readonly key: Key
  readonly requestId: string
  /** The header `x-grok-conv-id`. */
  readonly conversation: string | null
  /** Aborts when the client leaves. */
  readonly signal: AbortSignal
}

/** Makes handlers for callers with one of our keys; whoever brings another is sent on. */
export const createKeyHandlers =
  ({ auth, forwardOwn }: CallerParts) =>
  (handle: (request: Request, caller: KeyCaller) => Response | Promise<Response>) =>
  async ({ request }: { readonly request: Request }): Promise<Response> => {
    const caller = await auth(request)
    if (caller.kind === 'own') {
      if (asksForSocket(request)) throw noSocket()
      return forwardOwn(request, caller.secret)
    }
    return handle(request, {
      key: caller.key,
      requestId: requestIdOf(request),
      conversation: request.headers.get('x-grok-conv-id'),
      signal: request.signal,
    })
  }

const noSocket = () =>
  new ApiError('invalid_value', 'A WebSocket is not forwarded: use a key of this gateway, or POST.')

export type KeyHandlers = ReturnType<typeof createKeyHandlers>
