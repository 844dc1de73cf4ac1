import type { Key } from '../store/keys'
/** A server that knows who is at the other end of a request's connection. */
export interface Listener {
  requestIP(request: Request): { readonly address: string } | null
  /** Takes a request over as a WebSocket, where the server can. */
  upgrade?(
    request: Request,
    options: { readonly data: unknown; readonly headers: Readonly<Record<string, string>> },
  ): boolean
}

/** What is known of a request outside its own words. */
export interface RequestContext {
  readonly requestId: string
  /** The request as the listener knows it. */
  readonly original: Request
  /** Whose it is, as soon as that is known. */
  key?: Key
  /** Absent where the platform does not tell. */
  readonly listener: Listener | undefined
}

const contexts = new WeakMap<Request, RequestContext>()

/** Remember what belongs to a request for as long as it lives. */
export const setContext = (request: Request, context: RequestContext): void => {
  contexts.set(request, context)
}

/** Remember whose a request is. */
export function noteKey(request: Request, key: Key): void {
  const context = contexts.get(request)
  if (context) context.key = key
}
/** What is known of a request, as far as anyone noted it. */
export const contextOf = (request: Request): RequestContext | undefined => contexts.get(request)

/** The id under which a request is logged and answered. */
export const requestIdOf = (request: Request): string =>
  contexts.get(request)?.requestId ?? 'req_unknown'
