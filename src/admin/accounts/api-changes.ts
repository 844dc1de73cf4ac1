import { Elysia } from 'elysia'
import Type from 'typebox'
import { ApiError } from '../../errors'
import { answers, failure, pathParameter } from '../../http/operation'
import { jsonAnswer } from '../answers'
import { readJson } from '../form'
import { adminOperation } from '../operation'
import type { AdminParts } from '../parts'
import type { AccountActions } from './actions'
import { AddedObject, BulkObject, FindingObject, findingObject } from './answer-objects'
import { createAccountDetail } from './detail'
import { accountFields, NewAccountFields } from './fields'
import { accountObject } from './object'
import { AccountObject } from './schema'

const only = { additionalProperties: false } as const

const Change = Type.Object(
  {
    revision: Type.Integer({ minimum: 0, description: 'Of the account as it was read.' }),
    ...accountFields,
  },
  { ...only, examples: [{ revision: 3, weight: 2, note: null }] },
)

const tags = ['Admin: accounts']
const id = pathParameter('id', '5f0c6f6de6d94a63b9f2f0a1c7b3a1d2')
const wrong = failure(
  'A field is not right: `param` names it.',
  'invalid_value',
  '"weight" must be >= 1.',
)
const unknown = failure('There is no such account.', 'not_found', 'There is no account "x".')
const conflicts = failure(
  'The account was changed meanwhile, or another has that name or secret.',
  'revision_conflict',
  'The account was changed meanwhile.',
)

/** `/admin/api/accounts…`: what changes one account. */
export function accountChangesApi(parts: AdminParts, actions: AccountActions) {
  const { handlers } = parts
  const detail = createAccountDetail(parts)
  const shown = async (id: string) => accountObject((await detail.view(id)).account)

  return new Elysia({ prefix: '/admin/api/accounts', detail: { tags } })
    .post(
      '',
      handlers.api(async (operator, request) => {
        const added = await actions.add(operator, await readJson(request, NewAccountFields))
        const { account, finding, form, leftOut } = added
        return jsonAnswer(
          {
            ...(await shown(account.id)),
            ...{ taken_for: form ?? null, left_out: leftOut, finding: findingObject(finding) },
          },
          201,
        )
      }),
      {
        parse: 'none',
        detail: adminOperation({
          operationId: 'addAccount',
          summary: 'Add an account, and test it',
          description:
            'By its fields, or by `text` that holds it in whatever form. It stays although its test fails, unless `keep` is false.',
          body: NewAccountFields,
          answers: { 201: answers('The account.', AddedObject), 400: wrong, 409: conflicts },
        }),
      },
    )
    .patch(
      '/:id',
      handlers.api<{ id: string }>(async (operator, request, params) => {
        const { revision, ...fields } = await readJson(request, Change)
        const account = await actions.change(operator, params.id, revision, fields)
        return shown(account.id)
      }),
      {
        parse: 'none',
        detail: adminOperation({
          operationId: 'changeAccount',
          summary: 'Change an account',
          description: 'Only what is named. Give the `revision` that was read.',
          parameters: [id],
          body: Change,
          answers: {
            200: answers('The account.', AccountObject),
            ...{ 400: wrong, 404: unknown, 409: conflicts },
          },
        }),
      },
    )
    .delete(
      '/:id',
      handlers.api<{ id: string }>(async (operator, _, params) => {
        if ((await actions.remove(operator, [params.id])) > 0)
          return { id: params.id, object: 'account', deleted: true }
        throw new ApiError('not_found', `There is no account "${params.id}" in the database.`)
      }),
      {
        parse: 'none',
        detail: adminOperation({
          operationId: 'deleteAccount',
          summary: 'Remove an account and its secret',
          parameters: [id],
          answers: {
            200: answers(
              'It is gone.',
              Type.Object({
                id: Type.String(),
                object: Type.Literal('account'),
                deleted: Type.Literal(true),
              }),
            ),
            404: unknown,
          },
        }),
      },
    )
    .post(
      '/:id/test',
      handlers.api<{ id: string }>(async (operator, _, params) =>
        findingObject(await actions.test(operator, params.id)),
      ),
      {
        parse: 'none',
        detail: adminOperation({
          operationId: 'testAccount',
          summary: 'Ask the upstream of an account what costs nothing',
          parameters: [id],
          answers: { 200: answers('What was found.', FindingObject), 404: unknown },
        }),
      },
    )
    .post(
      '/:id/clear',
      handlers.api<{ id: string }>(async (operator, _, params) => {
        const accounts = await actions.clear(operator, [params.id])
        if (accounts > 0) return { object: 'account.bulk', accounts, dry_run: false }
        throw new ApiError('not_found', `There is no account "${params.id}".`)
      }),
      {
        parse: 'none',
        detail: adminOperation({
          operationId: 'clearAccount',
          summary: 'Forget what is held against an account',
          parameters: [id],
          answers: { 200: answers('It is cleared.', BulkObject), 404: unknown },
        }),
      },
    )
}
