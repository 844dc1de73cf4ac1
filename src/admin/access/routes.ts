import { Elysia } from 'elysia'
import { Check } from 'typebox/value'
import { ApiError } from '../../errors'
import { markupAnswer, notice, withCookies } from '../answers'
import { readForm } from '../form'
import type { OwnView } from '../handlers'
import { html } from '../html'
import type { AdminParts } from '../parts'
import { shell } from '../shell'
import { accessPage, type Problems, passwordPart, sessionsPart, tokensPart } from './page'
import { NewToken } from './schema'
import type { Access } from './service'
import { accessWords } from './words'

const UNPARSED = { parse: 'none' } as const

/** `/admin/access`: sessions, the password and admin tokens. */
export function accessRoutes({ handlers, passwords }: AdminParts, access: Access) {
  const { isFixed } = passwords

  async function changePassword(view: OwnView, request: Request): Promise<Response> {
    const form = await readForm(request)
    const wanted = { current: form.get('current') ?? '', password: form.get('password') ?? '' }
    const say = accessWords[view.language]
    try {
      const { cookies } = await access.changePassword(view.operator, request, wanted)
      const shown = html`${passwordPart(view, isFixed)}${notice(say.changed)}`
      return withCookies(markupAnswer(shown), cookies)
    } catch (problem) {
      const problems = passwordProblems(view, problem)
      if (!problems) throw problem
      return markupAnswer(passwordPart(view, isFixed, problems), 422)
    }
  }

  async function createToken(view: OwnView, request: Request): Promise<Response> {
    const form = await readForm(request)
    const [name, days] = [form.get('name') ?? '', form.get('days') ?? '']
    const wanted = { name: name.trim(), days: days === '' ? null : Number(days) }
    if (!Check(NewToken, wanted)) {
      const problems = tokenProblems(view, wanted)
      return markupAnswer(tokensPart(view, await access.tokens(), { name, days, problems }), 422)
    }
    const { secret } = await access.createToken(view.operator, wanted)
    return markupAnswer(tokensPart(view, await access.tokens(), { secret }))
  }

  return new Elysia({ prefix: '/admin/access', detail: { hide: true } })
    .get(
      '/',
      handlers.page(async (view) => {
        const [sessions, tokens] = await Promise.all([access.sessions(), access.tokens()])
        const main = accessPage(view, { sessions, tokens, isFixed })
        return shell(view, { title: accessWords[view.language].title, main })
      }),
    )
    .post(
      '/sessions/end-others',
      handlers.page(async (view) => {
        const ended = await access.endOthers(view.operator)
        const say = accessWords[view.language]
        const told = notice(ended === 0 ? say.noOthers : say.othersEnded(ended))
        return html`${sessionsPart(view, await access.sessions())}${told}`
      }),
      UNPARSED,
    )
    .post(
      '/sessions/:id/end',
      handlers.page<{ id: string }>(async (view, _request, { id }) => {
        await access.endSession(view.operator, id)
        const told = notice(accessWords[view.language].sessionEnded)
        return html`${sessionsPart(view, await access.sessions())}${told}`
      }),
      UNPARSED,
    )
    .post('/password', handlers.page(changePassword), UNPARSED)
    .post('/tokens', handlers.page(createToken), UNPARSED)
    .post(
      '/tokens/:id/revoke',
      handlers.page<{ id: string }>(async (view, _request, { id }) => {
        const { name } = await access.revokeToken(view.operator, id)
        const told = notice(accessWords[view.language].revoked(name))
        return html`${tokensPart(view, await access.tokens())}${told}`
      }),
      UNPARSED,
    )
}

/** What is to be said at which field; undefined where it is about none. */
function passwordProblems(view: OwnView, problem: unknown): Problems | undefined {
  if (!(problem instanceof ApiError)) return undefined
  const say = accessWords[view.language]
  const { retryAfter = 1 } = problem.details
  if (problem.code === 'wrong_password') return { current: say.wrong }
  if (problem.code === 'rate_limit_exceeded') return { current: say.tooMany(retryAfter) }
  return problem.details.param === 'password' ? { password: say.short } : undefined
}

function tokenProblems(view: OwnView, wanted: { name: string; days: number | null }): Problems {
  const say = accessWords[view.language]
  const isNamed = Check(NewToken.properties.name, wanted.name)
  return isNamed ? { days: say.daysWrong } : { name: say.nameMissing }
}
