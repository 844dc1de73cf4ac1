import { Elysia } from 'elysia'
import { markupAnswer, redirect } from '../answers'
import { cookieOf, setCookie } from '../cookies'
import { readForm } from '../form'
import { addressOf, refuseCrossSite, SESSION_COOKIE, SESSION_MS } from '../guard'
import type { AdminParts } from '../parts'
import { LANGUAGE_COOKIE, THEME_COOKIE, THEMES } from '../view'
import { LANGUAGES } from '../words'
import { logInPage } from './page'
import { sessionWords } from './words'

const YEAR_S = 365 * 86_400

/** Logging in and out, and how somebody wants to see pages. */
export function sessionRoutes({ stores, viewOf, checkPassword }: AdminParts) {
  return new Elysia({ prefix: '/admin', detail: { hide: true } })
    .get('/login', ({ request }) =>
      markupAnswer(
        logInPage(viewOf(request), nextOf(new URL(request.url).searchParams.get('next'))),
      ),
    )
    .post(
      '/login',
      async ({ request }) => {
        refuseCrossSite(request)
        const form = await readForm(request)
        const view = viewOf(request)
        const next = nextOf(form.get('next'))
        if (!(await checkPassword(form.get('password') ?? '')))
          return markupAnswer(logInPage(view, next, sessionWords[view.language].wrong), 401)
        const { secret } = await stores.adminSessions.begin({
          address: addressOf(request),
          agent: request.headers.get('user-agent') ?? undefined,
          lifeMs: SESSION_MS,
        })
        const cookie = setCookie(SESSION_COOKIE, secret, {
          maxAge: SESSION_MS / 1000,
          isSecure: view.origin.startsWith('https:'),
        })
        return redirect(next, view, [['set-cookie', cookie]])
      },
      { parse: 'none' },
    )
    .post(
      '/logout',
      async ({ request }) => {
        refuseCrossSite(request)
        const session = await stores.adminSessions.find(cookieOf(request, SESSION_COOKIE) ?? '')
        if (session) await stores.adminSessions.end(session.id)
        const view = viewOf(request)
        const gone = setCookie(SESSION_COOKIE, '', { maxAge: 0, isSecure: false })
        return redirect('/admin/login', view, [['set-cookie', gone]])
      },
      { parse: 'none' },
    )
    .post(
      '/preferences',
      async ({ request }) => {
        refuseCrossSite(request)
        const form = await readForm(request)
        const view = viewOf(request)
        const terms = { maxAge: YEAR_S, isSecure: view.origin.startsWith('https:') }
        const language = LANGUAGES.find((one) => one === form.get('language'))
        const theme = THEMES.find((one) => one === form.get('theme'))
        return redirect(nextOf(form.get('back')), view, [
          ...(language
            ? [['set-cookie', setCookie(LANGUAGE_COOKIE, language, terms)] as const]
            : []),
          ...(theme ? [['set-cookie', setCookie(THEME_COOKIE, theme, terms)] as const] : []),
        ])
      },
      { parse: 'none' },
    )
}

/** Only to a page of ours. */
const nextOf = (given: string | null): string =>
  given && /^\/admin(?:[/?]|$)/.test(given) && !given.includes('\\') ? given : '/admin'
