import { Elysia } from 'elysia'
import { ApiError, SetupError } from '../errors'
import type { Accounts } from '../store/accounts'
import type { SettingsStore } from '../store/settings'
import type { Html } from './html'
import { PASSWORD_MARK } from './passwords'
import { setupClosed, setupDone, setupForm } from './setup-page'

interface SetupParts {
  /** The one-time token of the link; undefined where no set-up is on offer. */
  readonly token: string | undefined
  readonly hashPassword: (password: string) => Promise<string>
  readonly settings: SettingsStore
  readonly accounts: Accounts
  readonly xaiBaseUrl: string
}

const SHORTEST_PASSWORD = 8
const LONGEST_FORM = 16 * 1024

/** `GET|POST /setup`: what the link that is printed at the first start leads to. */
export function setupRoutes(parts: SetupParts) {
  let { token } = parts

  /** The token is secret and random, so that comparing it needs no care for time. */
  const isOpen = async (given: unknown): Promise<boolean> =>
    token !== undefined && given === token && !(await parts.settings.mark(PASSWORD_MARK))

  return new Elysia({ prefix: '/setup', detail: { hide: true } })
    .get('/', async ({ query }) => {
      const given = query.token
      return (await isOpen(given)) ? answer(setupForm(String(given))) : answer(setupClosed(), 403)
    })
    .post(
      '/',
      async ({ request }) => {
        if (!(Number(request.headers.get('content-length')) <= LONGEST_FORM))
          throw new ApiError('body_too_large', 'That is no set-up form.')
        const form = new URLSearchParams(await request.text())
        const given = form.get('token')
        if (!(await isOpen(given))) return answer(setupClosed(), 403)
        const password = form.get('password') ?? ''
        if (password.length < SHORTEST_PASSWORD)
          return answer(
            setupForm(String(given), 'The password needs at least eight characters.'),
            422,
          )
        const key = form.get('xai_key')?.trim() ?? ''
        try {
          if (key) await addAccount(key)
        } catch (problem) {
          if (!(problem instanceof SetupError)) throw problem
          return answer(setupForm(String(given), `${problem.message} ${problem.remedy}`), 422)
        }
        const isFirst = await parts.settings.markOnce(
          PASSWORD_MARK,
          await parts.hashPassword(password),
        )
        token = undefined
        if (!isFirst) return answer(setupClosed(), 403)
        return answer(setupDone(new URL(request.url).origin, key !== ''))
      },
      { parse: 'none' },
    )

  function addAccount(secret: string) {
    return parts.accounts.add({ kind: 'xai', name: 'xai', baseUrl: parts.xaiBaseUrl, secret })
  }
}

const POLICY =
  "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

const answer = ({ markup }: Html, status = 200) =>
  new Response(markup, {
    status,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': POLICY,
      'cache-control': 'no-store',
    },
  })
