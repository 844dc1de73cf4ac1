import { Elysia } from 'elysia'
import { ApiError, SetupError } from '../../errors'
import { markupAnswer, redirect } from '../answers'
import { type CookieHeader, setCookie } from '../cookies'
import { readForm } from '../form'
import { failureAnswer } from '../handlers'
import type { AdminParts } from '../parts'
import { LANGUAGE_COOKIE, THEME_COOKIE, THEMES, type View } from '../view'
import { LANGUAGES } from '../words'
import { logInPage, notSetPage } from './page'
import { sessionWords } from './words'

const YEAR_S = 365 * 86_400
const LONGEST_FORM = 16 * 1024

/** Logging in and out, and how somebody wants to see pages. */
export function sessionRoutes(parts: AdminParts) {
  const { stores, viewOf, logIns, cookies, sites, guard, audit, passwords, log } = parts

  /** Another site's page may neither log somebody in nor out; it is told so as any page is. */
  const own =
    (answer: (request: Request, view: View) => Promise<Response>) =>
    async ({ request }: { readonly request: Request }): Promise<Response> => {
      const view = viewOf(request)
      try {
        sites.refuse(request)
        return await answer(request, view)
      } catch (error) {
        if (!(error instanceof ApiError)) throw error
        parts.onFailure(error, error, request)
        return failureAnswer(view, error)
      }
    }

  async function logIn(request: Request, view: View): Promise<Response> {
    const form = await readForm(request, LONGEST_FORM)
    const next = nextOf(form.get('next'))
    const say = sessionWords[view.language]
    const again = (problem: string, status: number, headers = {}) =>
      markupAnswer(logInPage(view, next, problem), status, headers)
    try {
      if (await logIns.check(request, form.get('password') ?? ''))
        return redirect(next, view, await logIns.begin(request))
    } catch (problem) {
      if (problem instanceof ApiError && problem.code === 'rate_limit_exceeded') {
        const { retryAfter = 1 } = problem.details
        return again(say.tooMany(retryAfter), 429, { 'retry-after': String(retryAfter) })
      }
      if (!(problem instanceof SetupError)) throw problem
      log.error('setup', { problem: problem.message, remedy: problem.remedy })
      return again(say.tooHeavy, 503)
    }
    return again((await passwords.isSet()) ? say.wrong : say.notSet, 401)
  }

  async function logOut(request: Request, view: View): Promise<Response> {
    const entrance = await guard.session(request)
    if (entrance) {
      await stores.adminSessions.end(entrance.operator.id)
      await audit(entrance.operator, { action: 'session.end', subject: entrance.operator.name })
    }
    return redirect('/admin/login', view, [cookies.noSession(request)])
  }

  async function prefer(request: Request, view: View): Promise<Response> {
    const form = await readForm(request, LONGEST_FORM)
    const terms = { maxAge: YEAR_S, isSecure: sites.isHttps(request) }
    const chosen: CookieHeader[] = []
    const language = LANGUAGES.find((one) => one === form.get('language'))
    if (language) chosen.push(['set-cookie', setCookie(LANGUAGE_COOKIE, language, terms)])
    const theme = THEMES.find((one) => one === form.get('theme'))
    if (theme) chosen.push(['set-cookie', setCookie(THEME_COOKIE, theme, terms)])
    return redirect(nextOf(form.get('back')), view, chosen)
  }

  return new Elysia({ prefix: '/admin', detail: { hide: true } })
    .get('/login', async ({ request }) => {
      const view = viewOf(request)
      if (!(await passwords.isSet())) return markupAnswer(notSetPage(view))
      return markupAnswer(logInPage(view, nextOf(new URL(request.url).searchParams.get('next'))))
    })
    .post('/login', own(logIn), { parse: 'none' })
    .post('/logout', own(logOut), { parse: 'none' })
    .post('/preferences', own(prefer), { parse: 'none' })
}

/** Only to a page of ours, written as an address has to be: a header takes no other signs. */
function nextOf(given: string | null): string {
  if (!given?.startsWith('/') || /[\\\p{Cc}]/u.test(given)) return '/admin'
  const url = URL.parse(given, NOWHERE)
  const isOurs = url?.origin === NOWHERE && /^\/(?:admin|setup)(?:\/|$)/.test(url.pathname)
  return isOurs ? url.pathname + url.search : '/admin'
}

/** An origin that no address leads to unless it is a path alone. */
const NOWHERE = 'http://groxy.invalid'
