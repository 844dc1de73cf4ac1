import { Elysia } from 'elysia'
import { ApiError } from '../../errors'
import { answers, failure, pathParameter } from '../../http/operation'
import { jsonAnswer } from '../answers'
import { readJson } from '../form'
import { adminOperation } from '../operation'
import type { AdminParts } from '../parts'
import type { AliasService } from './aliases'
import type { ModelCatalog } from './catalog'
import { NO_MORE, type PriceService, priceOf } from './prices'
import {
  AliasList,
  AliasObject,
  AliasPatch,
  ModelObject,
  ModelObjectList,
  NewAliasBody,
  NewPriceBody,
  PriceList,
  PriceObject,
  PricePatch,
  Removed,
} from './schema'
import { toObject } from './shown'

const MOST = 200
const USUAL = 50

interface ModelApiParts {
  readonly models: ModelCatalog
  readonly aliases: AliasService
  readonly prices: PriceService
}

interface ByName {
  readonly name: string
}

/** `/admin/api/models`, `/admin/api/aliases` and `/admin/api/prices`. */
export function modelApi({ handlers }: AdminParts, { models, aliases, prices }: ModelApiParts) {
  const removed = (id: string) => ({ object: 'removed', id })

  return new Elysia({ prefix: '/admin/api', tags: ['Admin: models'] })
    .get(
      '/models',
      handlers.api(async (_, request) => {
        const query = new URL(request.url).searchParams
        const limit = limitIn(query)
        const search = query.get('search') ?? undefined
        const found = await models.list({ search, limit, after: query.get('after') ?? undefined })
        return {
          object: 'list',
          data: found.models.map(toObject),
          has_more: found.hasMore,
          next: found.hasMore ? (found.models.at(-1)?.id ?? null) : null,
          total: found.total,
        }
      }),
      {
        detail: adminOperation({
          operationId: 'listAdminModels',
          summary: 'List the models and who serves them',
          description: 'Also aliases that lead nowhere now, with the reason.',
          parameters: LIST_PARAMETERS,
          answers: { 200: answers('By name.', ModelObjectList), 400: INVALID },
        }),
      },
    )
    .get(
      '/models/:name',
      handlers.api(async (_, __, { name }: ByName) => toObject(await models.find(name))),
      {
        detail: adminOperation({
          operationId: 'getAdminModel',
          summary: 'Describe a model, or why there is none',
          parameters: [nameOf('grok-4-heavy')],
          answers: { 200: answers('What is known of it.', ModelObject) },
        }),
      },
    )
    .get(
      '/aliases',
      handlers.api(async () => ({
        object: 'list',
        data: (await aliases.all()).map(aliases.toObject),
      })),
      {
        detail: adminOperation({
          operationId: 'listAdminAliases',
          summary: 'List the aliases',
          answers: { 200: answers('By name.', AliasList) },
        }),
      },
    )
    .post(
      '/aliases',
      handlers.api(async (operator, request) => {
        const { name, mode = 'order', targets, also } = await readJson(request, NewAliasBody)
        const route = { mode, targets, ...(also && { also }) }
        return jsonAnswer(aliases.toObject(await aliases.create(operator, name, route)), 201)
      }),
      {
        parse: 'none',
        detail: adminOperation({
          operationId: 'createAdminAlias',
          summary: 'Give models a name',
          description: 'Targets that nobody serves now are taken, and told in `unknown_models`.',
          body: NewAliasBody,
          answers: { 201: answers('The alias.', AliasObject), 400: INVALID, 409: TAKEN },
        }),
      },
    )
    .get(
      '/aliases/:name',
      handlers.api(async (_, __, { name }: ByName) => aliases.toObject(await aliases.find(name))),
      {
        detail: adminOperation({
          operationId: 'getAdminAlias',
          summary: 'Describe an alias',
          parameters: [nameOf('gpt-4o')],
          answers: { 200: answers('The alias.', AliasObject), 404: UNKNOWN },
        }),
      },
    )
    .patch(
      '/aliases/:name',
      handlers.api(async (operator, request, { name }: ByName) => {
        const wanted = await readJson(request, AliasPatch)
        return aliases.toObject(await aliases.change(operator, name, wanted))
      }),
      {
        parse: 'none',
        detail: adminOperation({
          operationId: 'changeAdminAlias',
          summary: 'Change an alias',
          description: 'What is not mentioned stays as it is.',
          parameters: [nameOf('gpt-4o')],
          body: AliasPatch,
          answers: {
            200: answers('The alias as it is now.', AliasObject),
            400: INVALID,
            404: UNKNOWN,
            409: CONFLICT,
          },
        }),
      },
    )
    .delete(
      '/aliases/:name',
      handlers.api(async (operator, _, { name }: ByName) => {
        await aliases.remove(operator, name)
        return removed(name)
      }),
      {
        parse: 'none',
        detail: adminOperation({
          operationId: 'removeAdminAlias',
          summary: 'Remove an alias',
          parameters: [nameOf('gpt-4o')],
          answers: { 200: answers('It is gone.', Removed), 404: UNKNOWN },
        }),
      },
    )
    .get(
      '/prices',
      handlers.api(async () => ({
        object: 'list',
        data: await Promise.all((await prices.all()).map(prices.toObject)),
      })),
      {
        detail: adminOperation({
          operationId: 'listAdminPrices',
          summary: 'List the prices that operators have set',
          description: 'What upstreams list is told with the models.',
          answers: { 200: answers('By model.', PriceList) },
        }),
      },
    )
    .post(
      '/prices',
      handlers.api(async (operator, request) => {
        const { model, input, output, ...more } = await readJson(request, NewPriceBody)
        const price = { model, input, output, ...NO_MORE, ...priceOf(more) }
        return jsonAnswer(await prices.toObject(await prices.create(operator, price)), 201)
      }),
      {
        parse: 'none',
        detail: adminOperation({
          operationId: 'createAdminPrice',
          summary: 'Set the price of a model',
          body: NewPriceBody,
          answers: { 201: answers('The price.', PriceObject), 400: INVALID, 409: TAKEN },
        }),
      },
    )
    .get(
      '/prices/:name',
      handlers.api(async (_, __, { name }: ByName) => prices.toObject(await prices.find(name))),
      {
        detail: adminOperation({
          operationId: 'getAdminPrice',
          summary: 'Describe a price',
          parameters: [nameOf('llama3')],
          answers: { 200: answers('The price.', PriceObject), 404: UNKNOWN },
        }),
      },
    )
    .patch(
      '/prices/:name',
      handlers.api(async (operator, request, { name }: ByName) => {
        const { revision, ...changes } = await readJson(request, PricePatch)
        const wanted = { ...priceOf(changes), revision }
        return prices.toObject(await prices.change(operator, name, wanted))
      }),
      {
        parse: 'none',
        detail: adminOperation({
          operationId: 'changeAdminPrice',
          summary: 'Change a price',
          description: 'What is not mentioned stays as it is.',
          parameters: [nameOf('llama3')],
          body: PricePatch,
          answers: {
            200: answers('The price as it is now.', PriceObject),
            400: INVALID,
            404: UNKNOWN,
            409: CONFLICT,
          },
        }),
      },
    )
    .delete(
      '/prices/:name',
      handlers.api(async (operator, _, { name }: ByName) => {
        await prices.remove(operator, name)
        return removed(name)
      }),
      {
        parse: 'none',
        detail: adminOperation({
          operationId: 'removeAdminPrice',
          summary: 'Remove a price',
          description: "Then the price of the upstream's list counts, if there is one.",
          parameters: [nameOf('llama3')],
          answers: { 200: answers('It is gone.', Removed), 404: UNKNOWN },
        }),
      },
    )
}

function limitIn(query: URLSearchParams): number {
  const limit = Number(query.get('limit') ?? USUAL)
  if (Number.isInteger(limit) && limit >= 1 && limit <= MOST) return limit
  throw new ApiError('invalid_value', `"limit" is a whole number from 1 to ${MOST}.`, {
    param: 'limit',
  })
}

const nameOf = (example: string) => ({
  ...pathParameter('name', example),
  description: 'Slashes are written as `%2F`.',
})

const INVALID = failure('The request is not right.', 'invalid_value', '"targets" is empty.')
const UNKNOWN = failure('There is no such thing.', 'not_found', "There is no alias 'x'.")
const TAKEN = failure('There is one already.', 'already_exists', "There is an alias 'x' already.")
const CONFLICT = failure('It is not as it was read.', 'revision_conflict', 'Read it again.')

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
  query('search', 'A part of the name, or of the name of what an alias stands for.', {
    type: 'string',
  }),
]
