import { Elysia } from 'elysia'
import { type BodyReaders, hasBody } from '../../http/body'
import { type KeyHandlers, type OfId, queryOf, taking } from '../../http/key-handlers'
import {
  answers,
  askFailures,
  includeParameter,
  listParameters,
  objectFailures,
  operation,
  pathParameter,
  writeFailures,
} from '../../http/operation'
import { ItemList, ResponseItem } from '../../turn/responses/answer-schema'
import {
  AddItems,
  Conversation,
  CreateConversation,
  DeletedConversation,
  UpdateConversation,
} from './schema'
import type { Conversations } from './service'

interface ConversationRouteParts {
  readonly conversations: Conversations
  readonly handlers: KeyHandlers
  readonly readers: BodyReaders
}

interface OfItem extends OfId {
  readonly item_id: string
}

const ID = pathParameter('id', 'conv_…')
const ITEM = pathParameter('item_id', 'msg_…')

/** `/v1/conversations` and what belongs to it. */
export const conversationRoutes = ({
  conversations,
  handlers,
  readers,
}: ConversationRouteParts) => {
  const [readCreate, readUpdate, readItems] = [
    readers(CreateConversation),
    readers(UpdateConversation),
    readers(AddItems),
  ]
  return new Elysia({ prefix: '/v1/conversations', tags: ['Conversations'] })
    .post(
      '',
      handlers(async (request, { key }) => {
        // OpenAI asks for no body here.
        if (!hasBody(request)) return conversations.create(key.id, {})
        const { value, release } = await readCreate(request)
        return conversations.create(key.id, value).finally(release)
      }),
      {
        parse: 'none',
        detail: operation({
          operationId: 'createConversation',
          summary: 'Begin a conversation',
          description:
            'Send its id as the `conversation` of a turn: what was said in it comes first, and what is said is added to it. The body may be left out.',
          body: CreateConversation,
          answers: {
            200: answers('The conversation.', Conversation),
            503: objectFailures[503],
            ...writeFailures,
          },
        }),
      },
    )
    .get(
      '/:id',
      handlers((_, { key }, { id }: OfId) => conversations.get(key.id, id)),
      {
        detail: operation({
          operationId: 'getConversation',
          summary: 'Look a conversation up',
          description: 'Its items are a list of their own.',
          parameters: [ID],
          answers: { 200: answers('The conversation.', Conversation), ...objectFailures },
        }),
      },
    )
    .post(
      '/:id',
      handlers(
        taking(readUpdate, (value, { key }, { id }: OfId) =>
          conversations.update(key.id, id, value),
        ),
      ),
      {
        parse: 'none',
        detail: operation({
          operationId: 'updateConversation',
          summary: 'Give a conversation other metadata',
          description: 'All of it is replaced.',
          parameters: [ID],
          body: UpdateConversation,
          answers: {
            200: answers('The conversation.', Conversation),
            ...objectFailures,
            ...writeFailures,
          },
        }),
      },
    )
    .delete(
      '/:id',
      handlers((_, { key }, { id }: OfId) => conversations.remove(key.id, id)),
      {
        detail: operation({
          operationId: 'deleteConversation',
          summary: 'Forget a conversation',
          description: 'Its items go with it; responses that were made in it stay as they are.',
          parameters: [ID],
          answers: { 200: answers('It is forgotten.', DeletedConversation), ...objectFailures },
        }),
      },
    )
    .get(
      '/:id/items',
      handlers((request, { key }, { id }: OfId) =>
        conversations.items(key.id, id, queryOf(request)),
      ),
      {
        detail: operation({
          operationId: 'listConversationItems',
          summary: 'List what was said in a conversation',
          description: 'The newest come first unless `order` says otherwise.',
          parameters: [ID, ...listParameters, includeParameter],
          answers: { 200: answers('The items.', ItemList), ...askFailures },
        }),
      },
    )
    .post(
      '/:id/items',
      handlers(
        taking(readItems, (value, { key }, { id }: OfId, request) =>
          conversations.add({ keyId: key.id, id, query: queryOf(request) }, value),
        ),
      ),
      {
        parse: 'none',
        detail: operation({
          operationId: 'createConversationItems',
          summary: 'Add items to a conversation',
          description: 'They come behind those that are there; no model is asked.',
          parameters: [ID, includeParameter],
          body: AddItems,
          answers: {
            200: answers('The items, with the ids that they have got.', ItemList),
            ...objectFailures,
            ...writeFailures,
          },
        }),
      },
    )
    .get(
      '/:id/items/:item_id',
      handlers((request, { key }, { id, item_id }: OfItem) =>
        conversations.item({ keyId: key.id, id: id, query: queryOf(request) }, item_id),
      ),
      {
        detail: operation({
          operationId: 'getConversationItem',
          summary: 'Look an item of a conversation up',
          parameters: [ID, ITEM, includeParameter],
          answers: { 200: answers('The item.', ResponseItem), ...objectFailures },
        }),
      },
    )
    .delete(
      '/:id/items/:item_id',
      handlers((_, { key }, { id, item_id }: OfItem) =>
        conversations.removeItem(key.id, id, item_id),
      ),
      {
        detail: operation({
          operationId: 'deleteConversationItem',
          summary: 'Remove an item from a conversation',
          description: 'Responses that were made in the conversation keep their own items.',
          parameters: [ID, ITEM],
          answers: {
            200: answers('The conversation that it was in.', Conversation),
            ...objectFailures,
          },
        }),
      },
    )
}
