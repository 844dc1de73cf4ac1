import { Elysia } from 'elysia'
import { answers, failure, pathParameter } from '../../http/operation'
import type { AdminSession } from '../../store/admin-sessions'
import type { AdminToken } from '../../store/admin-tokens'
import { jsonAnswer, withCookies } from '../answers'
import { readJson } from '../form'
import { adminOperation } from '../operation'
import type { Operator } from '../operator'
import type { AdminParts } from '../parts'
import {
  Deleted,
  EndedObject,
  listOf,
  NewPassword,
  NewToken,
  NewTokenObject,
  PasswordObject,
  SessionObject,
  TokenObject,
} from './schema'
import type { Access } from './service'

const missing = (what: string) =>
  failure(`No such ${what}.`, 'not_found', `There is no ${what} 'x'.`)

const WRONG = failure(
  'A field is not right: `param` names it.',
  'invalid_value',
  '"name" must not have fewer than 1 characters.',
)

/** `/admin/api/sessions`, `/admin/api/tokens`, `/admin/api/password` */
export const accessApi = ({ handlers }: Pick<AdminParts, 'handlers'>, access: Access) =>
  new Elysia({ prefix: '/admin/api', tags: ['Admin: access'] })
    .get(
      '/sessions',
      handlers.api(async (operator) =>
        listed((await access.sessions()).map((one) => sessionObject(one, operator))),
      ),
      {
        detail: adminOperation({
          operationId: 'listAdminSessions',
          summary: 'List who is logged in',
          answers: {
            200: answers('Those that last, the one used last first.', listOf(SessionObject)),
          },
        }),
      },
    )
    .delete(
      '/sessions',
      handlers.api(async (operator) => ({
        object: 'admin.sessions.ended',
        ended: await access.endOthers(operator),
      })),
      {
        detail: adminOperation({
          operationId: 'endAdminSessions',
          summary: 'Log everybody else out',
          answers: { 200: answers('How many were ended.', EndedObject) },
        }),
      },
    )
    .delete(
      '/sessions/:id',
      handlers.api<{ id: string }>(async (operator, _request, { id }) => {
        await access.endSession(operator, id)
        return { id, deleted: true }
      }),
      {
        detail: adminOperation({
          operationId: 'endAdminSession',
          summary: 'End a session',
          parameters: [pathParameter('id', 'q0x8aU3d')],
          answers: { 200: answers('It is over.', Deleted), 404: missing('session') },
        }),
      },
    )
    .post(
      '/password',
      handlers.api(async (operator, request) => {
        const wanted = await readJson(request, NewPassword)
        const { ended, cookies } = await access.changePassword(operator, request, wanted)
        return withCookies(jsonAnswer({ object: 'admin.password', sessions_ended: ended }), cookies)
      }),
      {
        parse: 'none',
        detail: adminOperation({
          operationId: 'changeAdminPassword',
          summary: "Change the operator's password",
          description: 'Ends every session but that of the request, which gets a new cookie.',
          body: NewPassword,
          answers: { 200: answers('It is changed.', PasswordObject), 400: WRONG },
        }),
      },
    )
    .get(
      '/tokens',
      handlers.api(async () => listed((await access.tokens()).map(tokenObject))),
      {
        detail: adminOperation({
          operationId: 'listAdminTokens',
          summary: 'List admin tokens',
          answers: { 200: answers('All of them, the newest first.', listOf(TokenObject)) },
        }),
      },
    )
    .post(
      '/tokens',
      handlers.api(async (operator, request) => {
        const wanted = await readJson(request, NewToken)
        const { token, secret } = await access.createToken(operator, wanted)
        return jsonAnswer({ ...tokenObject(token), token: secret }, 201)
      }),
      {
        parse: 'none',
        detail: adminOperation({
          operationId: 'createAdminToken',
          summary: 'Make an admin token',
          body: NewToken,
          answers: { 201: answers('The token, shown once.', NewTokenObject), 400: WRONG },
        }),
      },
    )
    .delete(
      '/tokens/:id',
      handlers.api<{ id: string }>(async (operator, _request, { id }) => {
        await access.revokeToken(operator, id)
        return { id, deleted: true }
      }),
      {
        detail: adminOperation({
          operationId: 'revokeAdminToken',
          summary: 'Revoke an admin token',
          parameters: [pathParameter('id', '5f0c2b')],
          answers: { 200: answers('It opens nothing any more.', Deleted), 404: missing('token') },
        }),
      },
    )

const listed = <T>(data: readonly T[]) => ({
  object: 'list',
  data,
  has_more: false,
  next: null,
  total: data.length,
})

const seconds = (ms: number): number => Math.floor(ms / 1000)
const orNull = (ms: number | null): number | null => (ms === null ? null : seconds(ms))

const sessionObject = (session: AdminSession, operator: Operator) => ({
  object: 'admin.session',
  id: session.id,
  address: session.address,
  user_agent: session.agent,
  created_at: seconds(session.createdAt),
  last_used_at: seconds(session.seenAt),
  expires_at: seconds(session.expiresAt),
  current: operator.by === 'session' && operator.id === session.id,
})

const tokenObject = (token: AdminToken) => ({
  object: 'admin.token',
  id: token.id,
  name: token.name,
  hint: token.hint,
  created_at: seconds(token.createdAt),
  expires_at: orNull(token.expiresAt),
  last_used_at: orNull(token.seenAt),
})
