import { Elysia } from 'elysia'
import type { BodyReaders } from '../../http/body'
import type { KeyCaller, KeyHandlers } from '../../http/key-handlers'
import {
  answers,
  listParameters,
  objectFailures,
  operation,
  pathParameter,
  turnFailures,
} from '../../http/operation'
import {
  Compaction,
  DeletedResponse,
  InputTokens,
  ItemList,
  ResponseEvent,
  Response as ResponseSchema,
} from '../../turn/responses/answer-schema'
import { CompactRequest, CountRequest, ResponsesRequest } from '../../turn/responses/schema'
import type { ResponseObjects } from './objects'
import type { Responses } from './service'
import type { Sums } from './sums'

interface ResponseRouteParts {
  readonly responses: Responses
  readonly objects: ResponseObjects
  readonly sums: Sums
  readonly handlers: KeyHandlers
  readonly readers: BodyReaders
  /** Opens a WebSocket for a caller. */
  readonly connect: (request: Request, caller: KeyCaller) => Response
}

const ID = pathParameter('id', 'resp_…')

/** `/v1/responses` and what belongs to it. */
export const responseRoutes = (parts: ResponseRouteParts) => {
  const { responses, objects, sums, handlers, readers, connect } = parts
  const [readRequest, readCount, readCompact] = [
    readers(ResponsesRequest),
    readers(CountRequest),
    readers(CompactRequest),
  ]
  return new Elysia({ prefix: '/v1/responses', tags: ['Responses'] })
    .post(
      '',
      handlers(async (request, caller) => responses.create(await readRequest(request), caller)),
      {
        parse: 'none',
        detail: operation({
          operationId: 'createResponse',
          summary: 'Answer a turn',
          description:
            'Send `stream: true` to receive the answer as server-sent events. Go on from it with `previous_response_id`, or keep turns together in a `conversation`. A WebSocket on the same path takes `response.create` messages instead.',
          body: ResponsesRequest,
          answers: {
            200: answers('The answer, at once or in pieces.', ResponseSchema, ResponseEvent),
            ...turnFailures,
          },
        }),
      },
    )
    .get('', handlers(connect), { detail: { hide: true } })
    .post(
      '/input_tokens',
      handlers(async (request, caller) => {
        const { value, release } = await readCount(request)
        return sums.count(value, caller).finally(release)
      }),
      {
        parse: 'none',
        detail: operation({
          operationId: 'countInputTokens',
          summary: 'Count the tokens of a turn',
          description:
            'A reckoning: no Grok vocabulary is public, so that the upstream may count a few per cent more or less.',
          body: CountRequest,
          answers: { 200: answers('The count.', InputTokens), ...turnFailures },
        }),
      },
    )
    .post(
      '/compact',
      handlers(async (request, caller) => {
        const { value, release } = await readCompact(request)
        return sums.compact(value, caller).finally(release)
      }),
      {
        parse: 'none',
        detail: operation({
          operationId: 'compactResponse',
          summary: 'Make a conversation shorter',
          description:
            "The model sums the conversation up. Send the `output` as the beginning of a later turn's `input`.",
          body: CompactRequest,
          answers: { 200: answers('What stands for it.', Compaction), ...turnFailures },
        }),
      },
    )
    .get(
      '/:id',
      ({ request, params }) =>
        handlers((_, { key }) => objects.get(key.id, params.id, new URL(request.url).searchParams))(
          {
            request,
          },
        ),
      {
        detail: operation({
          operationId: 'getResponse',
          summary: 'Look a response up',
          description:
            'With `stream=true` it comes as the events that its creator got, from the one after `starting_after` on; of a response that is still being made, the others follow.',
          parameters: [
            ID,
            { name: 'stream', in: 'query', schema: { type: 'boolean' } },
            { name: 'starting_after', in: 'query', schema: { type: 'integer' } },
          ],
          answers: {
            200: answers('The response.', ResponseSchema, ResponseEvent),
            ...objectFailures,
          },
        }),
      },
    )
    .delete(
      '/:id',
      ({ request, params }) =>
        handlers((_, { key }) => objects.remove(key.id, params.id))({ request }),
      {
        detail: operation({
          operationId: 'deleteResponse',
          summary: 'Forget a response',
          description: 'Responses that go on from it stay as they are.',
          parameters: [ID],
          answers: { 200: answers('It is forgotten.', DeletedResponse), ...objectFailures },
        }),
      },
    )
    .post(
      '/:id/cancel',
      ({ request, params }) =>
        handlers((_, { key }) => objects.cancel(key.id, params.id))({ request }),
      {
        parse: 'none',
        detail: operation({
          operationId: 'cancelResponse',
          summary: 'Stop a background response',
          parameters: [ID],
          answers: { 200: answers('The response.', ResponseSchema), ...objectFailures },
        }),
      },
    )
    .get(
      '/:id/input_items',
      ({ request, params }) =>
        handlers((_, { key }) =>
          objects.inputItems(key.id, params.id, new URL(request.url).searchParams),
        )({ request }),
      {
        detail: operation({
          operationId: 'listInputItems',
          summary: 'List what a response answered',
          parameters: [ID, ...listParameters],
          answers: { 200: answers('The items.', ItemList), ...objectFailures },
        }),
      },
    )
}
