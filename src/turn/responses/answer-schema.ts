import Type from 'typebox'
import { skeletonOf } from './skeleton'

const ANSWER = {
  id: 'msg_6f0a1c2d3e4b4f5a8b9c0d1e2f3a4b5c',
  type: 'message',
  status: 'completed',
  role: 'assistant',
  content: [{ type: 'output_text', text: 'Where the moss grows.', annotations: [], logprobs: [] }],
}

const QUESTION = {
  id: 'msg_0b1c2d3e4f5a4b6c8d7e9f0a1b2c3d4e',
  type: 'message',
  status: 'completed',
  role: 'user',
  content: [{ type: 'input_text', text: 'Which way is north?' }],
}

const USAGE = {
  input_tokens: 12,
  input_tokens_details: { cached_tokens: 0, cache_write_tokens: 0 },
  output_tokens: 6,
  output_tokens_details: { reasoning_tokens: 0 },
  total_tokens: 18,
}

const ID = 'resp_2c1f5b0b6b1d4f3f9d0a7e6c5b4a3f21'
const CREATED = 1790000000

/** An item as it is given back. */
export const ResponseItem = Type.Object(
  { id: Type.String(), type: Type.String() },
  {
    title: 'ResponseItem',
    description: '`message`, `function_call`, `reasoning`, …: its other fields depend on that.',
    examples: [ANSWER],
  },
)

const Usage = Type.Object(
  {
    input_tokens: Type.Integer({ description: 'With what was said before.' }),
    output_tokens: Type.Integer({ description: 'Reasoning included.' }),
    total_tokens: Type.Integer(),
  },
  { description: 'What the answer took.' },
)

const orNull = <T extends Type.TSchema>(schema: T) => Type.Union([schema, Type.Null()])

/** A response as it is given back. */
export const Response = Type.Object(
  {
    id: Type.String(),
    object: Type.Literal('response'),
    created_at: Type.Integer({ description: 'Seconds since 1970.' }),
    status: Type.Enum(['queued', 'in_progress', 'completed', 'incomplete', 'failed', 'cancelled']),
    model: Type.String({ description: 'The model that was asked for.' }),
    output: Type.Array(ResponseItem, { description: 'What the model said and called.' }),
    usage: orNull(Usage),
    error: orNull(Type.Object({ code: Type.String(), message: Type.String() })),
    incomplete_details: orNull(
      Type.Object({
        reason: Type.String({ description: '`max_output_tokens` or `content_filter`.' }),
      }),
    ),
    previous_response_id: orNull(Type.String()),
  },
  {
    title: 'Response',
    description: 'An answer, and all that it was asked with: every field is always there.',
    examples: [
      {
        id: ID,
        object: 'response',
        created_at: CREATED,
        status: 'completed',
        completed_at: CREATED + 1,
        error: null,
        incomplete_details: null,
        output: [ANSWER],
        usage: USAGE,
        ...skeletonOf({ model: 'demo' }),
      },
    ],
  },
)

/** One event of a streamed response. */
export const ResponseEvent = Type.Object(
  {
    type: Type.String({
      description:
        '`response.created` comes first; `response.completed`, `response.incomplete` or `response.failed` last.',
    }),
    sequence_number: Type.Integer({ description: 'Counts from 0, without gaps.' }),
  },
  {
    title: 'ResponseEvent',
    description: 'One event of a streamed response.',
    examples: [
      {
        type: 'response.output_text.delta',
        sequence_number: 4,
        item_id: ANSWER.id,
        output_index: 0,
        content_index: 0,
        delta: 'Where',
        logprobs: [],
      },
    ],
  },
)

export const DeletedResponse = Type.Object(
  { id: Type.String(), object: Type.Literal('response'), deleted: Type.Literal(true) },
  { examples: [{ id: ID, object: 'response', deleted: true }] },
)

export const InputTokens = Type.Object(
  { object: Type.Literal('response.input_tokens'), input_tokens: Type.Integer() },
  { examples: [{ object: 'response.input_tokens', input_tokens: 12 }] },
)

export const Compaction = Type.Object(
  {
    id: Type.String(),
    object: Type.Literal('response.compaction'),
    created_at: Type.Integer({ description: 'Seconds since 1970.' }),
    output: Type.Array(ResponseItem, {
      description: "The user's messages, and one item `compaction` for all the rest.",
    }),
    usage: Usage,
  },
  {
    examples: [
      {
        id: ID,
        object: 'response.compaction',
        created_at: CREATED,
        output: [
          QUESTION,
          {
            id: 'cmp_7a8b9c0d1e2f4a3b8c4d5e6f7a8b9c0d',
            type: 'compaction',
            encrypted_content: 'groxy-compaction.v1.…',
          },
        ],
        usage: USAGE,
      },
    ],
  },
)

/** A part of a list of items. */
export const ItemList = Type.Object(
  {
    object: Type.Literal('list'),
    data: Type.Array(ResponseItem),
    first_id: Type.String({ description: 'Empty when the list is.' }),
    last_id: Type.String(),
    has_more: Type.Boolean(),
  },
  {
    examples: [
      {
        object: 'list',
        data: [QUESTION],
        first_id: QUESTION.id,
        last_id: QUESTION.id,
        has_more: false,
      },
    ],
  },
)
