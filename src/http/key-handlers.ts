import { ApiError } from '../errors'
import type { Key } from '../store/keys'
import type { Auth } from './auth'
import type { Body } from './body'
import { requestIdOf } from './context'
import type { OriginOf } from './origin'
import { asksForSocket } from './socket'

interface CallerParts {
  readonly auth: Auth
  /** For callers who bring a key of their own: the call is theirs, and goes to xAI as it is. */
  readonly forwardOwn: (request: Request, secret: string) => Promise<Response>
  readonly originOf: OriginOf
}

/** Who calls with one of our keys. */
export interface KeyCaller {
  readonly key: Key
  readonly requestId: string
  /** The header `x-grok-conv-id`. */
  readonly conversation: string | null
  /** Where addresses of ours begin for it. */
  readonly origin: () => string
  /** Aborts when the client leaves. */
  readonly signal: AbortSignal
}

/** What a handler looks at; `params` are the parts of the path that stand for something. */
interface Context<Params> {
  readonly request: Request
  readonly params: Params
}

/** Makes handlers for callers with one of our keys; whoever brings another is sent on. */
export const createKeyHandlers =
  ({ auth, forwardOwn, originOf }: CallerParts) =>
  <Params>(
    handle: (request: Request, caller: KeyCaller, params: Params) => Response | Promise<Response>,
  ) =>
  async ({ request, params }: Context<Params>): Promise<Response> => {
    const caller = await auth(request)
    if (caller.kind === 'own') {
      if (asksForSocket(request)) throw noSocket()
      return forwardOwn(request, caller.secret)
    }
    const known: KeyCaller = {
      key: caller.key,
      requestId: requestIdOf(request),
      conversation: request.headers.get('x-grok-conv-id'),
      origin: () => originOf(request),
      signal: request.signal,
    }
    return handle(request, known, params)
  }

const noSocket = () =>
  new ApiError('invalid_value', 'A WebSocket is not forwarded: use a key of this gateway, or POST.')

/** Handles a request by what its body says; the body's memory is given back when that is over. */
export const taking =
  <T, Params>(
    read: (request: Request) => Promise<Body<T>>,
    use: (value: T, caller: KeyCaller, params: Params, request: Request) => Promise<Response>,
  ) =>
  async (request: Request, caller: KeyCaller, params: Params): Promise<Response> => {
    const { value, release } = await read(request)
    return use(value, caller, params, request).finally(release)
  }

/** The query of a request. */
export const queryOf = (request: Request): URLSearchParams => new URL(request.url).searchParams

/** A path that names one object. */
export interface OfId {
  readonly id: string
}

export type KeyHandlers = ReturnType<typeof createKeyHandlers>
