import { Elysia } from 'elysia'
import type { BodyReaders } from '../../http/body'
import {
  type KeyCaller,
  type KeyHandlers,
  type OfId,
  queryOf,
  taking,
} from '../../http/key-handlers'
import {
  answers,
  askFailures,
  includeParameter,
  listParameters,
  objectFailures,
  operation,
  pathParameter,
  turnFailures,
  writeFailures,
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
            'Send `stream: true` to receive the answer as server-sent events; one that breaks off ends with `response.failed`. Go on from an answer with `previous_response_id`, or keep turns together in a `conversation`: what was said before is kept by this gateway, whichever upstream answers. Fields that are not described here pass to upstreams that speak this API; what an upstream could not be told is named in the header `x-groxy-dropped`. A WebSocket on the same path takes `response.create` messages instead.',
          body: ResponsesRequest,
          answers: {
            200: answers('The answer, at once or in pieces.', ResponseSchema, ResponseEvent),
            ...turnFailures,
          },
        }),
      },
    )
    .get('', handlers(connect), { detail: { hide: true } })
    .post('/input_tokens', handlers(taking(readCount, sums.count)), {
      parse: 'none',
      detail: operation({
        operationId: 'countInputTokens',
        summary: 'Count the tokens of a turn',
        description:
          'Reckoned here: no upstream is asked, and it costs nothing. No Grok vocabulary is public, so that the upstream may count more or less; a picture counts as one of middling size.',
        body: CountRequest,
        answers: {
          200: answers('The count.', InputTokens),
          ...objectFailures,
          ...writeFailures,
        },
      }),
    })
    .post('/compact', handlers(taking(readCompact, sums.compact)), {
      parse: 'none',
      detail: operation({
        operationId: 'compactResponse',
        summary: 'Make a conversation shorter',
        description:
          "The model sums the conversation up, which is a turn like any other. Send the `output` as the beginning of a later turn's `input`: the user's messages as they were, and an item for the rest, which only this gateway can read. It is not stored.",
        body: CompactRequest,
        answers: { 200: answers('What stands for it.', Compaction), ...turnFailures },
      }),
    })
    .get(
      '/:id',
      handlers((request, { key }, { id }: OfId) => objects.get(key.id, id, queryOf(request))),
      {
        detail: operation({
          operationId: 'getResponse',
          summary: 'Look a response up',
          description:
            'With `stream=true` it comes as the events that its creator got, from the one after `starting_after` on; of a response that is still being made, the others follow.',
          parameters: [
            ID,
            {
              name: 'stream',
              in: 'query',
              description: 'Answer with server-sent events.',
              schema: { type: 'boolean', default: false },
            },
            {
              name: 'starting_after',
              in: 'query',
              description: 'The `sequence_number` of the last event that you have.',
              schema: { type: 'integer', minimum: 0 },
            },
            includeParameter,
          ],
          answers: {
            200: answers('The response.', ResponseSchema, ResponseEvent),
            ...askFailures,
          },
        }),
      },
    )
    .delete(
      '/:id',
      handlers((_, { key }, { id }: OfId) => objects.remove(key.id, id)),
      {
        detail: operation({
          operationId: 'deleteResponse',
          summary: 'Forget a response',
          description:
            'Responses that go on from it keep what was said in it. One that is still being made is stopped.',
          parameters: [ID],
          answers: { 200: answers('It is forgotten.', DeletedResponse), ...objectFailures },
        }),
      },
    )
    .post(
      '/:id/cancel',
      handlers((_, { key }, { id }: OfId) => objects.cancel(key.id, id)),
      {
        parse: 'none',
        detail: operation({
          operationId: 'cancelResponse',
          summary: 'Stop a background response',
          description:
            'Only one that was asked for with `background: true`. What is over stays as it is.',
          parameters: [ID],
          answers: { 200: answers('The response.', ResponseSchema), ...askFailures },
        }),
      },
    )
    .get(
      '/:id/input_items',
      handlers((request, { key }, { id }: OfId) =>
        objects.inputItems(key.id, id, queryOf(request)),
      ),
      {
        detail: operation({
          operationId: 'listInputItems',
          summary: 'List what a response answered',
          description:
            'What was said before it, and its own input; the newest come first unless `order` says otherwise.',
          parameters: [ID, ...listParameters, includeParameter],
          answers: { 200: answers('The items.', ItemList), ...askFailures },
        }),
      },
    )
}
