import { ApiError } from '../errors'
import { jsonAnswer, markupAnswer, redirect } from './answers'
import { type Guard, refuseCrossSite } from './guard'
import type { Html } from './html'
import type { Operator } from './operator'
import { failureAnswer } from './shell'
import type { View } from './view'

interface HandlerParts {
  readonly guard: Guard
  readonly viewOf: (request: Request, operator?: Operator) => View
  /** Says in the log what went wrong. */
  readonly onFailure: (failure: ApiError, error: unknown, request: Request) => void
}

/** What a handler looks at; `params` are the parts of the path that stand for something. */
interface Context<Params> {
  readonly request: Request
  readonly params: Params
}

/** Who sees a page, and is logged in. */
export type OwnView = View & { readonly operator: Operator }

/** What the admin page and its API have in common: who may, from where, and how a failure is told. */
export function createAdminHandlers({ guard, viewOf, onFailure }: HandlerParts) {
  return {
    /** A page, or a part of one, for who is logged in; others are sent to the log-in. */
    page:
      <Params>(
        show: (
          view: OwnView,
          request: Request,
          params: Params,
        ) => Html | Response | Promise<Html | Response>,
      ) =>
      async ({ request, params }: Context<Params>): Promise<Response> => {
        let view = viewOf(request)
        try {
          refuseCrossSite(request)
          const operator = await guard.session(request)
          if (!operator) return redirect(logInPath(request, view), { isPartial: view.isHtmx })
          const own = { ...viewOf(request, operator), operator }
          view = own
          const shown = await show(own, request, params)
          return shown instanceof Response ? shown : markupAnswer(shown)
        } catch (error) {
          const failure = failureOf(error)
          onFailure(failure, error, request)
          return failureAnswer(view, failure)
        }
      },

    /** A call of the JSON API, by a session or an admin token. */
    api:
      <Params>(
        answer: (
          operator: Operator,
          request: Request,
          params: Params,
        ) => unknown | Promise<unknown>,
      ) =>
      async ({ request, params }: Context<Params>): Promise<Response> => {
        refuseCrossSite(request)
        const operator = await guard.session(request)
        if (!operator)
          throw new ApiError(
            'not_logged_in',
            'Log in on the admin page, or send an admin token: Authorization: Bearer …',
          )
        const answered = await answer(operator, request, params)
        return answered instanceof Response ? answered : jsonAnswer(answered)
      },
  }
}

export type AdminHandlers = ReturnType<typeof createAdminHandlers>

/** The log-in, and back to the page that was asked for. */
function logInPath({ method }: Request, { address, isHtmx }: View): string {
  const isPage = (method === 'GET' || isHtmx) && address !== '/admin'
  return isPage ? `/admin/login?next=${encodeURIComponent(address)}` : '/admin/login'
}

const failureOf = (error: unknown): ApiError =>
  error instanceof ApiError
    ? error
    : new ApiError('internal_error', 'Groxy failed. The log says more.', { cause: error })
