import { Elysia } from 'elysia'
import { markupAnswer, redirect } from '../answers'
import { readForm } from '../form'
import type { Operator } from '../operator'
import type { AdminParts } from '../parts'
import { LONGEST_PASSWORD, PASSWORD_MARK, SHORTEST_PASSWORD } from '../passwords'
import type { View } from '../view'
import { ACCOUNT_PATH } from './account-page'
import type { LinkToken } from './link-token'
import { closedPage, passwordPage } from './password-page'
import { setupWords } from './words'

const LONGEST_FORM = 16 * 1024

/**
 * `GET|POST /setup`: what the link that is printed at the first start leads to. Who sets the password is
 * logged in by that.
 *
 * @param link the secret of the link; undefined where no set-up is on offer
 */
export function linkRoutes(parts: AdminParts, link: LinkToken | undefined) {
  const { stores, passwords, logIns, sites, viewOf, addressOf, audit } = parts

  const isOpen = async (given: string | null): Promise<boolean> =>
    link !== undefined && given !== null && !(await passwords.isSet()) && link.isGood(given)

  const closed = async (view: View): Promise<Response> =>
    markupAnswer(closedPage(view, await passwords.isSet()), 403)

  async function choose(request: Request): Promise<Response> {
    sites.refuse(request)
    const view = viewOf(request)
    const say = setupWords[view.language]
    const form = await readForm(request, LONGEST_FORM)
    const given = form.get('token')
    if (given === null || !(await isOpen(given))) return closed(view)
    const password = form.get('password') ?? ''
    const again = (problem: string) => markupAnswer(passwordPage(view, given, problem), 422)
    if (password.length < SHORTEST_PASSWORD) return again(say.tooShort)
    if (password.length > LONGEST_PASSWORD) return again(say.tooLong)
    const isFirst = await stores.settings.markOnce(PASSWORD_MARK, await passwords.hash(password))
    await link?.end()
    if (!isFirst) return closed(view)
    const operator: Operator = {
      ...{ by: 'set-up', id: 'set-up', name: 'set-up' },
      address: addressOf(request),
    }
    await audit(operator, { action: 'password.set', subject: 'operator' })
    return redirect(ACCOUNT_PATH, view, await logIns.begin(request))
  }

  return new Elysia({ prefix: '/setup', detail: { hide: true } })
    .get('/', async ({ request }) => {
      const given = new URL(request.url).searchParams.get('token')
      const view = viewOf(request)
      if (given === null || !(await isOpen(given))) return closed(view)
      return markupAnswer(passwordPage(view, given))
    })
    .post('/', ({ request }) => choose(request), { parse: 'none' })
}
