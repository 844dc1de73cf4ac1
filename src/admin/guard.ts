import { ApiError } from '../errors'
import { contextOf } from '../http/context'
import type { AdminSessions } from '../store/admin-sessions'
import { cookieOf } from './cookies'
import type { Operator } from './operator'

interface GuardParts {
  readonly sessions: AdminSessions
  readonly now: () => number
  readonly later: (work: Promise<unknown>) => void
}

/** How long a session lasts after it was last used. */
export const SESSION_MS = 8 * 3_600_000
/** A session's use is written down so often at most. */
const TOUCH_MS = 60_000

export const SESSION_COOKIE = 'groxy_session'

const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS'])

/** Finds out who runs this gateway, and keeps everybody else out of its administration. */
export function createGuard({ sessions, now, later }: GuardParts) {
  return {
    /** Who is logged in. A session's id counts, and nothing else that a browser may have been given. */
    async session(request: Request): Promise<Operator | undefined> {
      const secret = cookieOf(request, SESSION_COOKIE)
      if (!secret) return undefined
      const session = await sessions.find(secret)
      if (!session) return undefined
      if (now() - session.seenAt > TOUCH_MS) later(sessions.touch(session.id, SESSION_MS))
      return {
        by: 'session',
        id: session.id,
        name: `session ${session.id}`,
        address: addressOf(request),
      }
    },
  }
}

export type Guard = ReturnType<typeof createGuard>

/** From where a request comes, where the platform tells. */
export function addressOf(request: Request): string | undefined {
  const { original = request, listener } = contextOf(request) ?? {}
  return listener?.requestIP(original)?.address
}

/**
 * Refuse what another site's page makes a browser send. Browsers say themselves where a request comes
 * from, in `Sec-Fetch-Site`, and pages cannot change it; older ones say it in `Origin`.
 *
 * @throws ApiError `cross_site`
 */
export function refuseCrossSite(request: Request): void {
  if (SAFE.has(request.method)) return
  const site = request.headers.get('sec-fetch-site')
  const origin = request.headers.get('origin')
  const isOwn = site
    ? site === 'same-origin' || site === 'none'
    : origin === null || URL.parse(origin)?.host === request.headers.get('host')
  if (!isOwn)
    throw new ApiError(
      'cross_site',
      'This request comes from the page of another site, and is refused.',
    )
}
