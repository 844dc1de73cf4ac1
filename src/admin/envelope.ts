import { ApiError, type FailureCode } from '../errors'
import { failureResponse } from '../http/failures'
import { GUARDING, withCookies } from './answers'
import type { Entrance } from './guard'
import { failureAnswer } from './handlers'
import type { Operator } from './operator'
import type { View } from './view'

type Handle = (request: Request) => Response | Promise<Response>

interface EnvelopeParts {
  /** Every path below `/admin` and `/setup` with a method that it takes. */
  readonly routes: () => readonly { readonly method: string; readonly path: string }[]
  readonly viewOf: (request: Request, operator?: Operator) => View
  readonly session: (request: Request) => Promise<Entrance | undefined>
}

const OURS = /^\/(?:admin|setup)(?:\/|$)/
const API = /^\/admin\/api(?:\/|$)/

/**
 * What all answers below `/admin` and `/setup` have in common, whoever made them: the headers that guard
 * them, 405 where only the method is wrong, and failures as pages for browsers, as JSON for programs.
 */
export function createAdminEnvelope({ routes, viewOf, session }: EnvelopeParts) {
  let known: readonly (readonly [pattern: RegExp, methods: readonly string[]])[] | undefined

  function methodsOf(path: string): readonly string[] {
    known ??= patternsOf(routes())
    const methods = known.filter(([pattern]) => pattern.test(path)).flatMap(([, taken]) => taken)
    return [...new Set(methods)]
  }

  /** The failure that an answer tells of, if it is one as all of Groxy tells them. */
  async function failureIn(
    answer: Response,
    method: string,
    path: string,
  ): Promise<ApiError | undefined> {
    if (answer.status < 400 || !isJson(answer)) return undefined
    const { error } = (await answer.clone().json()) as { error: Told }
    const allow = error.code === 'unknown_path' ? methodsOf(path) : []
    const isTaken = allow.includes(method) || allow.includes('ALL')
    if (allow.length > 0 && !isTaken)
      return new ApiError('method_not_allowed', `This path takes ${allow.join(', ')}.`, { allow })
    return new ApiError(error.code, error.message, {
      status: answer.status,
      retryAfter: Number(answer.headers.get('retry-after')) || undefined,
      param: error.param ?? undefined,
    })
  }

  async function told(request: Request, path: string, answer: Response): Promise<Response> {
    const failure = await failureIn(answer, request.method, path)
    if (!failure) return answer
    if (API.test(path) || !wantsPage(request))
      return failure.code === 'method_not_allowed' ? failureResponse(failure) : answer
    const entrance = await session(request).catch(() => undefined)
    const page = failureAnswer(viewOf(request, entrance?.operator), failure)
    return withCookies(page, entrance?.cookies ?? [])
  }

  return (handle: Handle): Handle =>
    (request) => {
      const at = request.url.indexOf('/', 'https://'.length)
      const begin = request.url.slice(at, at + '/admin/'.length)
      if (!begin.startsWith('/admin') && !begin.startsWith('/setup')) return handle(request)
      return guarded(request, handle)
    }

  async function guarded(request: Request, handle: Handle): Promise<Response> {
    const { pathname } = new URL(request.url)
    const answer = await handle(request)
    if (!OURS.test(pathname)) return answer
    const kept = await told(request, pathname, answer)
    const own = new Response(kept.body, kept)
    for (const [name, value] of Object.entries(GUARDING))
      if (!own.headers.has(name)) own.headers.set(name, value)
    return own
  }
}

interface Told {
  readonly code: FailureCode
  readonly message: string
  readonly param: string | null
}

/** Browsers say that they take pages; of a part of a page htmx says that it asks. */
const wantsPage = ({ headers }: Request): boolean =>
  headers.has('hx-request') || (headers.get('accept') ?? '').includes('text/html')

const isJson = ({ headers }: Response): boolean =>
  headers.get('content-type')?.startsWith('application/json') ?? false

function patternsOf(
  routes: readonly { readonly method: string; readonly path: string }[],
): (readonly [RegExp, readonly string[]])[] {
  const byPath = Map.groupBy(routes, ({ path }) => path.replace(/\/$/, ''))
  return [...byPath].map(([path, taken]) => [
    new RegExp(`^${path.split('/').map(partOf).join('/')}/?$`),
    taken.map(({ method }) => method),
  ])
}

/** What fits a part of a route's path: anything where it stands for something. */
const partOf = (part: string): string => (/^[:*]/.test(part) ? '[^/]+' : RegExp.escape(part))
