import { ApiError, SetupError } from '../errors'
import { databaseAway } from '../http/failures'
import { isOutage } from '../store/fault'
import { jsonAnswer, markupAnswer, redirect, withCookies } from './answers'
import { type Entrance, type Guard, tokenOf } from './guard'
import type { Html } from './html'
import type { Operator } from './operator'
import { failurePage } from './shell'
import type { Sites } from './sites'
import type { View } from './view'

interface HandlerParts {
  readonly guard: Guard
  readonly sites: Sites
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
export function createAdminHandlers({ guard, sites, viewOf, onFailure }: HandlerParts) {
  /** By a token, which no other site's page can make a browser send, or by a session, from our pages only. */
  async function enter(request: Request): Promise<Entrance> {
    const token = tokenOf(request)
    if (token === undefined) sites.refuse(request)
    const entrance = await (token === undefined
      ? guard.session(request)
      : guard.token(request, token))
    if (entrance) return entrance
    throw new ApiError(
      'not_logged_in',
      token === undefined
        ? 'Log in on the admin page, or send an admin token: Authorization: Bearer groxy-admin-…'
        : 'This is no admin token in force. `groxy admin token create NAME` makes one.',
    )
  }

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
        let entrance: Entrance | undefined
        try {
          sites.refuse(request)
          entrance = await guard.session(request)
          if (!entrance) return redirect(logInPath(request, view), { isPartial: view.isHtmx })
          const { operator } = entrance
          const own = { ...viewOf(request, operator), operator }
          view = own
          const shown = await show(own, request, params)
          const answer = shown instanceof Response ? shown : markupAnswer(shown)
          return withCookies(answer, entrance.cookies)
        } catch (error) {
          const failure = failureOf(error)
          onFailure(failure, error, request)
          return withCookies(failureAnswer(view, failure), entrance?.cookies ?? [])
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
        const entrance = await enter(request)
        const answered = await answer(entrance.operator, request, params)
        const response = answered instanceof Response ? answered : jsonAnswer(answered)
        return withCookies(response, entrance.cookies)
      },
  }
}

export type AdminHandlers = ReturnType<typeof createAdminHandlers>

/**
 * Why something did not work: as a page, or as a notice in the page that asked, of which nothing else
 * changes, whatever its element says of swapping.
 */
export function failureAnswer(view: View, failure: ApiError): Response {
  const { retryAfter, allow } = failure.details
  return markupAnswer(failurePage(view, failure), failure.status, {
    ...(view.isHtmx && { 'hx-reswap': 'none' }),
    ...(retryAfter !== undefined && { 'retry-after': String(retryAfter) }),
    ...(allow && { allow: allow.join(', ') }),
  })
}

/** The log-in, and back to the page that was asked for. */
function logInPath({ method }: Request, { address, isHtmx }: View): string {
  const isPage = (method === 'GET' || isHtmx) && address !== '/admin'
  return isPage ? `/admin/login?next=${encodeURIComponent(address)}` : '/admin/login'
}

/** What is wrong with the set-up is said in full: whoever sees this page runs the gateway. */
function failureOf(error: unknown): ApiError {
  if (error instanceof ApiError) return error
  if (error instanceof SetupError)
    return new ApiError('not_ready', `${error.message} ${error.remedy}`, { cause: error })
  if (isOutage(error)) return databaseAway(error)
  return new ApiError('internal_error', 'Groxy failed. The log says more.', { cause: error })
}
