import { Elysia } from 'elysia'
import type { BodyReaders } from '../../http/body'
import { type KeyHandlers, type OfId, queryOf, taking } from '../../http/key-handlers'
import {
  answers,
  askFailures,
  listParameters,
  objectFailures,
  operation,
  pathParameter,
  turnFailures,
  writeFailures,
} from '../../http/operation'
import { ChatCompletion, ChatCompletionChunk, ChatRequest } from '../../turn/chat/schema'
import { CompletionList, DeletedCompletion, MessageList, UpdateCompletion } from './schema'
import type { Chat } from './service'
import type { StoredChat } from './stored'

interface ChatRouteParts {
  readonly chat: Chat
  readonly stored: StoredChat
  readonly handlers: KeyHandlers
  readonly readers: BodyReaders
}

const ID = pathParameter('id', 'chatcmpl-…')

/** `/v1/chat/completions` and what belongs to it. */
export const chatRoutes = ({ chat, stored, handlers, readers }: ChatRouteParts) => {
  const [read, readUpdate] = [readers(ChatRequest), readers(UpdateCompletion)]
  return new Elysia({ prefix: '/v1/chat', tags: ['Chat'] })
    .post(
      '/completions',
      handlers(async (request, caller) => chat.complete(await read(request), caller)),
      {
        parse: 'none',
        detail: operation({
          operationId: 'createChatCompletion',
          summary: 'Answer a conversation',
          description:
            'Send `stream: true` to receive the answer as server-sent events, the last of them `[DONE]`. With `store: true` the answer is kept. Fields that are not described here pass to upstreams that speak chat as they are; what another one could not be told is named in the header `x-groxy-dropped`.',
          body: ChatRequest,
          answers: {
            200: answers('The answer, at once or in pieces.', ChatCompletion, ChatCompletionChunk),
            ...turnFailures,
          },
        }),
      },
    )
    .get(
      '/completions',
      handlers((request, { key }) => stored.list(key.id, queryOf(request))),
      {
        detail: operation({
          operationId: 'listChatCompletions',
          summary: 'List the answers that are kept',
          description: 'Those that were asked for with `store: true`, the oldest first.',
          parameters: [
            ...listParameters,
            {
              name: 'model',
              in: 'query',
              description: 'The model that was asked for.',
              schema: { type: 'string' },
            },
            {
              name: 'metadata',
              in: 'query',
              description: 'Pairs that they must have: `metadata[topic]=moss`.',
              style: 'deepObject',
              schema: { type: 'object', additionalProperties: { type: 'string' } },
            },
          ],
          answers: {
            200: answers('The answers.', CompletionList),
            400: askFailures[400],
            401: askFailures[401],
            503: askFailures[503],
          },
        }),
      },
    )
    .get(
      '/completions/:id',
      handlers((_, { key }, { id }: OfId) => stored.get(key.id, id)),
      {
        detail: operation({
          operationId: 'getChatCompletion',
          summary: 'Look an answer up',
          parameters: [ID],
          answers: { 200: answers('The answer.', ChatCompletion), ...objectFailures },
        }),
      },
    )
    .post(
      '/completions/:id',
      handlers(
        taking(readUpdate, (value, { key }, { id }: OfId) => stored.update(key.id, id, value)),
      ),
      {
        parse: 'none',
        detail: operation({
          operationId: 'updateChatCompletion',
          summary: 'Give an answer other metadata',
          description: 'All of it is replaced.',
          parameters: [ID],
          body: UpdateCompletion,
          answers: {
            200: answers('The answer.', ChatCompletion),
            ...objectFailures,
            ...writeFailures,
          },
        }),
      },
    )
    .delete(
      '/completions/:id',
      handlers((_, { key }, { id }: OfId) => stored.remove(key.id, id)),
      {
        detail: operation({
          operationId: 'deleteChatCompletion',
          summary: 'Forget an answer',
          parameters: [ID],
          answers: { 200: answers('It is forgotten.', DeletedCompletion), ...objectFailures },
        }),
      },
    )
    .get(
      '/completions/:id/messages',
      handlers((request, { key }, { id }: OfId) => stored.messages(key.id, id, queryOf(request))),
      {
        detail: operation({
          operationId: 'listChatCompletionMessages',
          summary: 'List the messages that were answered',
          description: 'The oldest come first unless `order` says otherwise.',
          parameters: [ID, ...listParameters],
          answers: { 200: answers('The messages.', MessageList), ...askFailures },
        }),
      },
    )
}
