import type { Key } from '../store/keys'

/** What is known of a request outside its own words. */
export interface RequestContext {
  readonly requestId: string
  /** Whose it is, as soon as that is known. */
  key?: Key
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

/** The id under which a request is logged and answered. */
export const requestIdOf = (request: Request): string =>
  contexts.get(request)?.requestId ?? 'req_unknown'
