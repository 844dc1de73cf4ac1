import { isSealed, randomToken, type Vault } from '../../crypto'
import { ApiError } from '../../errors'
import type { AdminSessions } from '../../store/admin-sessions'
import type { LoginFailures } from '../../store/login-failures'
import { type AddressOf, sourceOf } from '../addresses'
import type { Audit } from '../audit'
import { type CookieHeader, type OwnCookies, SESSION_MS } from '../cookies'
import { sessionOperator } from '../guard'
import type { Operator } from '../operator'
import type { Passwords } from '../passwords'

interface LogInParts {
  readonly passwords: Passwords
  readonly sessions: AdminSessions
  readonly failures: LoginFailures
  readonly vault: Vault
  readonly cookies: OwnCookies
  readonly addressOf: AddressOf
  readonly audit: Audit
  readonly now: () => number
}

/** Over how long attempts are counted. */
const WINDOW_MS = 10 * 60_000
/** How many may fail from one address, or in one browser that was logged in before. */
const MOST_OF_ONE = 10
/** How many may fail from everywhere else together. */
const MOST_OF_ALL = 100
const ALL = 'all'

/** What the sealed cookie of a browser begins with: nothing else that is sealed can be taken for one. */
const PURPOSE = 'known-browser'
/** How long a browser counts as one that was logged in before. */
const KNOWN_MS = 90 * 86_400_000
/** How long it is believed without asking that somebody has to wait, and of how many. */
const REMEMBERED_MS = 5_000
const REMEMBERED = 10_000

/**
 * Lets operators in. Attempts are counted for all instances together, before a password is looked at. A
 * browser that was logged in before has a count of its own, so that nobody can lock its owner out by
 * guessing from elsewhere.
 */
export function createLogIns(parts: LogInParts) {
  const { passwords, sessions, failures, vault, cookies, addressOf, audit, now } = parts
  const refused = new Map<string, number>()

  /** The name of a browser that was logged in before, by the sealed cookie that it then got. */
  async function browserOf(request: Request): Promise<string | undefined> {
    const sealed = cookies.knownOf(request)
    if (!sealed || !isSealed(sealed)) return undefined
    const opened = await vault.open(sealed).catch(() => '')
    const [purpose, id, until] = opened.split(' ')
    return purpose === PURPOSE && Number(until) > now() ? id : undefined
  }

  /** @throws ApiError `rate_limit_exceeded` */
  async function count(source: string, most: number, request: Request): Promise<void> {
    const until = refused.get(source) ?? 0
    if (until > now()) throw tooMany(until - now())
    const { failures: tried, resetAt } = await failures.count(source, WINDOW_MS)
    if (tried <= most) return
    if (refused.size >= REMEMBERED) refused.clear()
    refused.set(source, Math.min(resetAt, now() + REMEMBERED_MS))
    if (tried === most + 1)
      await audit(stranger(request), { action: 'session.brake', subject: source })
    throw tooMany(resetAt - now())
  }

  const stranger = (request: Request): Operator => ({
    by: 'stranger',
    id: '',
    name: 'stranger',
    address: addressOf(request),
  })

  return {
    /**
     * Whether a password is the operator's, for a log-in and wherever else it is asked for.
     *
     * @throws ApiError `rate_limit_exceeded` for who has tried too often, good or not
     */
    async check(request: Request, password: string, operator?: Operator): Promise<boolean> {
      const browser = await browserOf(request)
      const source = browser ? `browser ${browser}` : `address ${sourceOf(addressOf(request))}`
      await count(source, MOST_OF_ONE, request)
      if (!browser) await count(ALL, MOST_OF_ALL, request)
      if (await passwords.check(password)) {
        await failures.forgive(source, browser ? '' : ALL)
        return true
      }
      await audit(operator ?? stranger(request), { action: 'session.fail', subject: source })
      return false
    },

    /** Begin a session of whoever sent this, whatever the browser had before; the answer has to carry its cookies. */
    async begin(request: Request): Promise<readonly CookieHeader[]> {
      const before = cookies.sessionOf(request)
      const old = before && (await sessions.find(before))
      if (old) await sessions.end(old.id)
      const address = addressOf(request)
      const agent = request.headers.get('user-agent') ?? undefined
      const { session, secret } = await sessions.begin({ address, agent, lifeMs: SESSION_MS })
      await audit(sessionOperator(session.id, address), {
        action: 'session.begin',
        subject: `session ${session.id}`,
      })
      const known = await vault.seal(`${PURPOSE} ${randomToken(9)} ${now() + KNOWN_MS}`)
      return [cookies.session(request, secret), cookies.known(request, known, KNOWN_MS / 1000)]
    },
  }
}

export type LogIns = ReturnType<typeof createLogIns>

const tooMany = (ms: number) => {
  const retryAfter = Math.max(1, Math.ceil(ms / 1000))
  return new ApiError(
    'rate_limit_exceeded',
    `Too many attempts with a wrong password. Try again in ${retryAfter} s.`,
    { retryAfter },
  )
}
