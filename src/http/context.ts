/** What is known of a request outside its own words. */
export interface RequestContext {
  readonly requestId: string
}

const contexts = new WeakMap<Request, RequestContext>()

/** Remember what belongs to a request for as long as it lives. */
export const setContext = (request: Request, context: RequestContext): void => {
  contexts.set(request, context)
}

/** The id under which a request is logged and answered. */
export const requestIdOf = (request: Request): string =>
  contexts.get(request)?.requestId ?? 'req_unknown'
