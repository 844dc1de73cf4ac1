import type { AdminSession, AdminSessions } from '../store/admin-sessions'
import type { AdminTokens } from '../store/admin-tokens'
import type { AddressOf } from './addresses'
import { type CookieHeader, type OwnCookies, SESSION_MS } from './cookies'
import type { Operator } from './operator'

interface GuardParts {
  readonly sessions: AdminSessions
  readonly tokens: AdminTokens
  readonly cookies: OwnCookies
  readonly addressOf: AddressOf
  readonly now: () => number
  readonly later: (work: Promise<unknown>) => void
  /** The database did not do as it was asked. */
  readonly onFault: (cause: unknown) => void
}

/** Who is let in, and what the answer has to carry for that to stay so. */
export interface Entrance {
  readonly operator: Operator
  /** Asked for when the answer is ready: later, another one may have been given a newer secret. */
  readonly cookies: readonly CookieHeader[]
}

/** A session's or token's use is written down so often at most. */
const TOUCH_MS = 60_000
/** So old a session's secret becomes while it is used. */
const ROTATE_MS = 15 * 60_000

/** Finds out who runs this gateway, and keeps everybody else out of its administration. */
export function createGuard(parts: GuardParts) {
  const { sessions, tokens, cookies, addressOf, now, later, onFault } = parts

  /** Note the use of a session, and now and then give it another secret. */
  async function used(session: AdminSession): Promise<string | undefined> {
    if (now() - session.seenAt <= TOUCH_MS) return undefined
    if (now() - session.rotatedAt > ROTATE_MS) return sessions.rotate(session, SESSION_MS)
    later(sessions.touch(session.id, SESSION_MS))
    return undefined
  }

  async function bySession(request: Request): Promise<Entrance | undefined> {
    const secret = cookies.sessionOf(request)
    const session = secret ? await sessions.find(secret) : undefined
    if (!session) return undefined
    // Who is logged in stays so where nothing can be written.
    const next = await used(session).catch(onFault)
    const until = now() + TOUCH_MS
    return {
      operator: sessionOperator(session.id, addressOf(request)),
      get cookies() {
        return next && now() < until ? [cookies.session(request, next)] : []
      },
    }
  }

  async function byToken(request: Request, secret: string): Promise<Entrance | undefined> {
    const token = await tokens.find(secret)
    if (!token) return undefined
    if (now() - (token.seenAt ?? 0) > TOUCH_MS) later(tokens.touch(token.id))
    const name = `token ${token.name}`
    return {
      operator: { by: 'token', id: token.id, name, address: addressOf(request) },
      cookies: [],
    }
  }

  return {
    /** Who is logged in. A session's secret counts, and nothing else that a browser may have been given. */
    session: bySession,

    /** Whose an admin token is; a key of a program is never one. */
    token: byToken,

    /** Whether who was let in some time ago still would be. */
    isLetIn: ({ by, id }: Operator): Promise<boolean> =>
      by === 'token' ? tokens.lasts(id) : sessions.lasts(id),
  }
}

export type Guard = ReturnType<typeof createGuard>

/** Who is logged in by a session. */
export const sessionOperator = (id: string, address: string | undefined): Operator => ({
  by: 'session',
  id,
  name: `session ${id}`,
  address,
})

/**
 * What a program presents in place of a session: a browser sends none of its own accord. Proxies that let
 * people in by means of their own may add another bearer to whatever these send.
 */
export const tokenOf = (request: Request): string | undefined =>
  /^bearer\s+(groxy-admin-\S*)\s*$/i.exec(request.headers.get('authorization') ?? '')?.[1]
