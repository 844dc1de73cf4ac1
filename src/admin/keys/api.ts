import { Elysia } from 'elysia'
import { ApiError } from '../../errors'
import { answers, failure, pathParameter } from '../../http/operation'
import { KEY_STATES } from '../../store/key-search'
import { NO_SUMS } from '../../store/key-sums'
import type { MadeKey } from '../../store/keys'
import { jsonAnswer } from '../answers'
import { readJson } from '../form'
import { adminOperation } from '../operation'
import type { AdminParts } from '../parts'
import {
  KeyIds,
  KeyList,
  KeyObject,
  KeyPatch,
  KeysChanged,
  MadeKeyList,
  MadeKeyObject,
  NewKeyBody,
  NewKeysBody,
} from './schema'
import type { KeyService } from './service'
import { toObject } from './shown'
import { changesOf } from './wish'

const MOST = 200
const USUAL = 50
const STATES = [...KEY_STATES, 'all'] as const

/** `/admin/api/keys`: what programs present, and what they may. */
export function keyApi({ handlers, now }: AdminParts, keys: KeyService) {
  const shown = async (id: string) => toObject(await keys.find(id), now())
  const withSecret = ({ key, secret }: MadeKey) => ({
    ...toObject({ key, isEnvironment: false, usage: [], sums: NO_SUMS }, now()),
    secret,
  })
  const changed = ({ length }: readonly unknown[]) => ({ object: 'keys.changed', changed: length })

  return new Elysia({ prefix: '/admin/api/keys', tags: ['Admin: keys'] })
    .get(
      '',
      handlers.api(async (_, request) => {
        const query = new URL(request.url).searchParams
        const { limit, after } = partOf(query)
        const filter = { state: stateIn(query), search: query.get('search') ?? undefined }
        const found = await keys.list(filter, { limit, after })
        return {
          object: 'list',
          data: found.keys.map((key) => toObject(key, now())),
          has_more: found.hasMore,
          next: found.hasMore ? (found.keys.at(-1)?.key.id ?? null) : null,
          total: found.total,
        }
      }),
      {
        detail: adminOperation({
          operationId: 'listAdminKeys',
          summary: 'List the keys',
          parameters: LIST_PARAMETERS,
          answers: { 200: answers('The newest first.', KeyList), 400: INVALID },
        }),
      },
    )
    .post(
      '',
      handlers.api(async (operator, request) => {
        const { name, ...wish } = await readJson(request, NewKeyBody)
        const [made] = await keys.create(operator, { ...wanted(wish), name: name.trim() })
        return jsonAnswer(made && withSecret(made), 201)
      }),
      {
        parse: 'none',
        detail: adminOperation({
          operationId: 'createAdminKey',
          summary: 'Make a key',
          description: 'The secret is in the answer and in no other place, ever.',
          body: NewKeyBody,
          answers: { 201: answers('The key, with its secret.', MadeKeyObject), 400: INVALID },
        }),
      },
    )
    .post(
      '/batch',
      handlers.api(async (operator, request) => {
        const { name_prefix: prefix, count, ...wish } = await readJson(request, NewKeysBody)
        const name = prefix.trim()
        const made = await keys.createMany(operator, { ...wanted(wish), name }, count)
        return jsonAnswer({ object: 'list', data: made.map(withSecret) }, 201)
      }),
      {
        parse: 'none',
        detail: adminOperation({
          operationId: 'createAdminKeys',
          summary: 'Make many keys',
          description: 'All or none. The secrets are in the answer and in no other place, ever.',
          body: NewKeysBody,
          answers: { 201: answers('The keys, with their secrets.', MadeKeyList), 400: INVALID },
        }),
      },
    )
    .post(
      '/enable',
      handlers.api(async (operator, request) =>
        changed(await keys.enable(operator, await idsIn(request), true)),
      ),
      { parse: 'none', detail: bulk('enableAdminKeys', 'Switch keys on') },
    )
    .post(
      '/disable',
      handlers.api(async (operator, request) =>
        changed(await keys.enable(operator, await idsIn(request), false)),
      ),
      { parse: 'none', detail: bulk('disableAdminKeys', 'Switch keys off') },
    )
    .post(
      '/revoke',
      handlers.api(async (operator, request) =>
        changed(await keys.revoke(operator, await idsIn(request))),
      ),
      { parse: 'none', detail: bulk('revokeAdminKeys', 'Revoke keys, for ever') },
    )
    .get(
      '/:id',
      handlers.api((_, __, { id }: ById) => shown(id)),
      {
        detail: adminOperation({
          operationId: 'getAdminKey',
          summary: 'Describe a key',
          parameters: [ID],
          answers: { 200: answers('The key.', KeyObject), 404: UNKNOWN },
        }),
      },
    )
    .patch(
      '/:id',
      handlers.api(async (operator, request, { id }: ById) => {
        const { revision, ...wish } = await readJson(request, KeyPatch)
        await keys.change(operator, id, { ...changesOf(wish, now()), version: revision })
        return shown(id)
      }),
      {
        parse: 'none',
        detail: adminOperation({
          operationId: 'changeAdminKey',
          summary: 'Change a key',
          description: 'What is not mentioned stays as it is.',
          parameters: [ID],
          body: KeyPatch,
          answers: {
            200: answers('The key as it is now.', KeyObject),
            400: INVALID,
            404: UNKNOWN,
            409: failure('It is no longer as it was read.', 'revision_conflict', 'Read it again.'),
          },
        }),
      },
    )
    .delete(
      '/:id',
      handlers.api(async (operator, _, { id }: ById) => {
        await keys.changeable(id)
        await keys.revoke(operator, [id])
        return shown(id)
      }),
      {
        parse: 'none',
        detail: adminOperation({
          operationId: 'revokeAdminKey',
          summary: 'Revoke a key, for ever',
          description:
            'Programs that use it stop working within two seconds. It stays in lists of revoked keys.',
          parameters: [ID],
          answers: { 200: answers('The key as it is now.', KeyObject), 400: INVALID, 404: UNKNOWN },
        }),
      },
    )

  function wanted(wish: Parameters<typeof changesOf>[0]) {
    const { expiresAt, ...limits } = changesOf(wish, now())
    return { ...limits, expiresAt: expiresAt ?? undefined }
  }
}

interface ById {
  readonly id: string
}

const idsIn = async (request: Request): Promise<readonly string[]> =>
  (await readJson(request, KeyIds)).ids

function partOf(query: URLSearchParams) {
  const limit = Number(query.get('limit') ?? USUAL)
  if (!Number.isInteger(limit) || limit < 1 || limit > MOST)
    throw new ApiError('invalid_value', `"limit" is a whole number from 1 to ${MOST}.`, {
      param: 'limit',
    })
  return { limit, after: query.get('after') ?? undefined }
}

function stateIn(query: URLSearchParams) {
  const given = query.get('state')
  if (!given) return undefined
  const state = STATES.find((one) => one === given)
  if (state) return state
  throw new ApiError('invalid_value', `"state" is one of ${STATES.join(', ')}.`, { param: 'state' })
}

const ID = pathParameter('id', '3f2a9c01d4e84f5c9b1e6a7d8c9f0a1b')
const INVALID = failure(
  'The request is not right.',
  'invalid_value',
  '"limits.concurrency" must be >= 0.',
)
const UNKNOWN = failure('There is no such key.', 'not_found', "There is no key with the id 'x'.")

const query = (name: string, description: string, schema: object) => ({
  name,
  in: 'query' as const,
  description,
  schema,
})

const LIST_PARAMETERS = [
  query('limit', 'How many at most.', {
    type: 'integer',
    minimum: 1,
    maximum: MOST,
    default: USUAL,
  }),
  query('after', 'The `next` of the part before this one.', { type: 'string' }),
  query('state', 'All but the revoked ones when absent.', { type: 'string', enum: STATES }),
  query('search', 'A part of the name, the last four signs of the secret, or the id.', {
    type: 'string',
  }),
]

const bulk = (operationId: string, summary: string) =>
  adminOperation({
    operationId,
    summary,
    body: KeyIds,
    answers: { 200: answers('How many it changed.', KeysChanged), 400: INVALID },
  })
