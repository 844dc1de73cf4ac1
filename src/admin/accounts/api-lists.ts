import { Elysia } from 'elysia'
import { Convert } from 'typebox/value'
import { answers, failure, pathParameter } from '../../http/operation'
import { checked } from '../form'
import { adminOperation } from '../operation'
import type { AdminParts } from '../parts'
import { createAccountDetail } from './detail'
import { createAccountList } from './list'
import { accountObject } from './object'
import { cursorOf, readCursor } from './query'
import {
  AccountListObject,
  AccountListQuery,
  AccountObject,
  AccountStats,
  AccountTags,
} from './schema'

const TAGS = ['Admin: accounts']

const invalid = failure(
  'The query is not right: `param` names the field.',
  'invalid_value',
  '"limit" must be <= 200.',
)

/** `GET /admin/api/accounts`: accounts, and what they have in common. */
export function accountLists(parts: AdminParts) {
  const { handlers, stores } = parts
  const list = createAccountList(parts)
  const detail = createAccountDetail(parts)

  async function listed(params: URLSearchParams) {
    const given = checked(AccountListQuery, Convert(AccountListQuery, Object.fromEntries(params)))
    const { q, kind, tier, state, tag, sort = 'name', limit = 50, after } = given
    const found = await list.page(
      {
        filter: { kind, tier, state, tag, text: q || undefined },
        ...{ sort, limit, after: after === undefined ? undefined : readCursor(after, sort) },
      },
      false,
    )
    const place = found.next?.after
    return {
      object: 'list',
      data: await Promise.all(
        found.accounts.map(async (shown) => accountObject(await detail.detailed(shown))),
      ),
      has_more: place !== undefined,
      next: place ? cursorOf(sort, place) : null,
      total: found.total,
    }
  }

  return new Elysia({ prefix: '/admin/api/accounts', tags: TAGS })
    .get(
      '',
      handlers.api((_, request) => listed(new URL(request.url).searchParams)),
      {
        detail: adminOperation({
          operationId: 'listAccounts',
          summary: 'List accounts',
          description:
            'Those of the environment come first, on top of `limit`. The states, quotas and turns under way are those that this instance knows.',
          parameters: Object.entries(AccountListQuery.properties).map(([name, schema]) => ({
            ...{ name, in: 'query' as const, schema },
          })),
          answers: { 200: answers('Accounts.', AccountListObject), 400: invalid },
        }),
      },
    )
    .get(
      '/tags',
      handlers.api(async () => ({ object: 'list', data: await stores.accountSearch.tags() })),
      {
        detail: adminOperation({
          operationId: 'listAccountTags',
          summary: 'List the tags of accounts',
          answers: { 200: answers('Every tag, by name.', AccountTags) },
        }),
      },
    )
    .get(
      '/stats',
      handlers.api(async () => ({
        object: 'account_stats',
        ...(await stores.accountPages.counts()),
      })),
      {
        detail: adminOperation({
          operationId: 'countAccounts',
          summary: 'Count accounts by kind, tier and state',
          answers: { 200: answers('How many there are.', AccountStats) },
        }),
      },
    )
    .get(
      '/:id',
      handlers.api<{ id: string }>(async (_, __, { id }) =>
        accountObject((await detail.view(id)).account),
      ),
      {
        detail: adminOperation({
          operationId: 'getAccount',
          summary: 'Read an account',
          parameters: [pathParameter('id', 'a3f0c1d2')],
          answers: {
            200: answers('The account.', AccountObject),
            404: failure('No such account.', 'not_found', 'There is no such account.'),
          },
        }),
      },
    )
}
