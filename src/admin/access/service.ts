import { ApiError } from '../../errors'
import type { AdminSession } from '../../store/admin-sessions'
import type { AdminToken } from '../../store/admin-tokens'
import { maskSecret } from '../audit'
import type { CookieHeader } from '../cookies'
import type { Operator } from '../operator'
import type { AdminParts } from '../parts'
import { checkNewPassword } from '../passwords'
import type { NewToken } from './schema'

const DAY_MS = 86_400_000

type AccessParts = Pick<AdminParts, 'stores' | 'passwords' | 'logIns' | 'audit' | 'now'>

/** Who may administer this gateway: sessions, tokens and the password. */
export function createAccess({ stores, passwords, logIns, audit, now }: AccessParts) {
  const { adminSessions, adminTokens } = stores

  return {
    sessions: (): Promise<readonly AdminSession[]> => adminSessions.list(),

    /** @throws ApiError `not_found` */
    async endSession(operator: Operator, id: string): Promise<void> {
      if (!(await adminSessions.end(id)))
        throw new ApiError('not_found', `There is no session '${id.slice(0, 40)}'.`)
      await audit(operator, { action: 'session.end', subject: `session ${id}` })
    },

    /** End all sessions but the operator's own; says how many. */
    async endOthers(operator: Operator): Promise<number> {
      const ended = await adminSessions.endAll(operator.by === 'session' ? operator.id : '')
      if (ended > 0)
        await audit(operator, {
          action: 'session.end',
          subject: 'other sessions',
          after: { ended },
        })
      return ended
    },

    /**
     * Change the password, which ends every session; who was logged in gets a new one, by these cookies.
     *
     * @throws ApiError that says what is wrong with which field
     */
    async changePassword(
      operator: Operator,
      request: Request,
      { current, password }: { readonly current: string; readonly password: string },
    ): Promise<{ readonly ended: number; readonly cookies: readonly CookieHeader[] }> {
      if (passwords.isFixed)
        throw new ApiError(
          'access_denied',
          'ADMIN_PASSWORD says what the password is: change it there, and start Groxy again.',
        )
      checkNewPassword(password)
      if (!(await logIns.check(request, current, operator)))
        throw new ApiError('wrong_password', 'That is not the present password.', {
          status: 403,
          param: 'current',
        })
      await passwords.set(password)
      const all = await adminSessions.endAll()
      const ended = operator.by === 'session' ? Math.max(0, all - 1) : all
      await audit(operator, {
        action: 'password.change',
        subject: 'password',
        after: { sessions_ended: ended },
      })
      return { ended, cookies: operator.by === 'session' ? await logIns.begin(request) : [] }
    },

    tokens: (): Promise<readonly AdminToken[]> => adminTokens.list(),

    /** The secret is given once, here. */
    async createToken(operator: Operator, { name, days }: NewToken) {
      const expiresAt = days ? now() + days * DAY_MS : null
      const made = await adminTokens.create(name.trim(), expiresAt)
      await audit(operator, {
        action: 'token.create',
        subject: `token ${made.token.name}`,
        after: { token: maskSecret(made.token.hint), expires_at: expiresAt },
      })
      return made
    },

    /** @throws ApiError `not_found` */
    async revokeToken(operator: Operator, id: string): Promise<AdminToken> {
      const gone = await adminTokens.revoke(id)
      if (!gone) throw new ApiError('not_found', `There is no admin token '${id.slice(0, 40)}'.`)
      await audit(operator, {
        action: 'token.revoke',
        subject: `token ${gone.name}`,
        before: { token: maskSecret(gone.hint) },
      })
      return gone
    },
  }
}

export type Access = ReturnType<typeof createAccess>
