import Type, { type Static } from 'typebox'
import { optional } from '../../turn/optional'
import { Item, Metadata } from '../../turn/responses/schema'

const Items = Type.Array(Item, {
  maxItems: 20,
  description: 'Up to 20 at a time, oldest first.',
  examples: [[{ role: 'user', content: 'Which way is north?' }]],
})

/** `POST /v1/conversations` */
export const CreateConversation = Type.Object(
  { metadata: optional(Metadata), items: optional(Items) },
  {
    title: 'CreateConversation',
    description: 'What a conversation begins with.',
    examples: [{ metadata: { topic: 'moss' } }],
  },
)

export type CreateConversation = Static<typeof CreateConversation>

/** `POST /v1/conversations/{id}` */
export const UpdateConversation = Type.Object(
  { metadata: Type.Union([Metadata, Type.Null()]) },
  {
    title: 'UpdateConversation',
    description: 'The metadata that it is to have from now on.',
    examples: [{ metadata: { topic: 'lichen' } }],
  },
)

export type UpdateConversation = Static<typeof UpdateConversation>

/** `POST /v1/conversations/{id}/items` */
export const AddItems = Type.Object(
  { items: Items },
  {
    title: 'AddItems',
    description: 'Items that come behind those that are there.',
    examples: [{ items: [{ role: 'user', content: 'Which way is north?' }] }],
  },
)

export type AddItems = Static<typeof AddItems>

const ID = 'conv_2c1f5b0b6b1d4f3f9d0a7e6c5b4a3f21'

/** A conversation as it is given back. */
export const Conversation = Type.Object(
  {
    id: Type.String(),
    object: Type.Literal('conversation'),
    created_at: Type.Integer({ description: 'Seconds since 1970.' }),
    metadata: Metadata,
  },
  {
    title: 'Conversation',
    description: 'Turns that belong together; its items are a list of their own.',
    examples: [
      { id: ID, object: 'conversation', created_at: 1790000000, metadata: { topic: 'moss' } },
    ],
  },
)

export const DeletedConversation = Type.Object(
  {
    id: Type.String(),
    object: Type.Literal('conversation.deleted'),
    deleted: Type.Literal(true),
  },
  { examples: [{ id: ID, object: 'conversation.deleted', deleted: true }] },
)
