import Type, { type Static } from 'typebox'
import { ChatCompletion, Metadata } from '../../turn/chat/schema'

/** `POST /v1/chat/completions/{id}` */
export const UpdateCompletion = Type.Object(
  { metadata: Type.Union([Metadata, Type.Null()]) },
  {
    title: 'UpdateCompletion',
    description: 'The metadata that it is to have from now on.',
    examples: [{ metadata: { topic: 'moss' } }],
  },
)

export type UpdateCompletion = Static<typeof UpdateCompletion>

const Page = {
  object: Type.Literal('list'),
  first_id: Type.String({ description: 'Empty when the list is.' }),
  last_id: Type.String(),
  has_more: Type.Boolean(),
}

export const CompletionList = Type.Object(
  { ...Page, data: Type.Array(ChatCompletion) },
  { title: 'CompletionList', description: 'A part of the completions that are kept.' },
)

const StoredMessage = Type.Object(
  {
    id: Type.String({ description: "The completion's id, and which of its messages it is." }),
    role: Type.String(),
    content: Type.Union([Type.String(), Type.Null()]),
    refusal: Type.Union([Type.String(), Type.Null()]),
    content_parts: Type.Union([Type.Array(Type.Object({ type: Type.String() })), Type.Null()], {
      description: 'Its texts and pictures, where it came in parts.',
    }),
  },
  { title: 'StoredMessage', description: 'A message that a completion answered.' },
)

export const MessageList = Type.Object(
  { ...Page, data: Type.Array(StoredMessage) },
  { title: 'MessageList', description: 'A part of the messages that a completion answered.' },
)

export const DeletedCompletion = Type.Object(
  {
    id: Type.String(),
    object: Type.Literal('chat.completion.deleted'),
    deleted: Type.Literal(true),
  },
  {
    examples: [
      {
        id: 'chatcmpl-2c1f5b0b6b1d4f3f9d0a7e6c5b4a3f21',
        object: 'chat.completion.deleted',
        deleted: true,
      },
    ],
  },
)
