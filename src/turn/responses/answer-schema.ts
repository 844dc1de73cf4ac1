import Type from 'typebox'

/** An item as it is given back. */
export const ResponseItem = Type.Object(
  { id: Type.String(), type: Type.String() },
  { title: 'ResponseItem', description: '`message`, `function_call`, `reasoning`, …' },
)

const Usage = Type.Object({
  input_tokens: Type.Integer(),
  output_tokens: Type.Integer({ description: 'Reasoning included.' }),
  total_tokens: Type.Integer(),
})

const orNull = <T extends Type.TSchema>(schema: T) => Type.Union([schema, Type.Null()])

/** A response as it is given back. */
export const Response = Type.Object(
  {
    id: Type.String(),
    object: Type.Literal('response'),
    created_at: Type.Integer({ description: 'Seconds since 1970.' }),
    status: Type.Enum(['queued', 'in_progress', 'completed', 'incomplete', 'failed', 'cancelled']),
    model: Type.String({ description: 'The model that was asked for.' }),
    output: Type.Array(ResponseItem),
    usage: orNull(Usage),
    error: orNull(Type.Object({ code: Type.String(), message: Type.String() })),
    incomplete_details: orNull(Type.Object({ reason: Type.String() })),
    previous_response_id: orNull(Type.String()),
  },
  { title: 'Response', description: 'An answer, and all that it was asked with.' },
)

/** One event of a streamed response. */
export const ResponseEvent = Type.Object(
  {
    type: Type.String({ examples: ['response.output_text.delta'] }),
    sequence_number: Type.Integer({ description: 'Counts from 0, without gaps.' }),
  },
  { title: 'ResponseEvent', description: 'One event of a streamed response.' },
)

export const DeletedResponse = Type.Object({
  id: Type.String(),
  object: Type.Literal('response'),
  deleted: Type.Literal(true),
})

export const InputTokens = Type.Object({
  object: Type.Literal('response.input_tokens'),
  input_tokens: Type.Integer(),
})

export const Compaction = Type.Object({
  id: Type.String(),
  object: Type.Literal('response.compaction'),
  created_at: Type.Integer(),
  output: Type.Array(ResponseItem),
  usage: Usage,
})

/** A part of a list of items. */
export const ItemList = Type.Object({
  object: Type.Literal('list'),
  data: Type.Array(ResponseItem),
  first_id: Type.String({ description: 'Empty when the list is.' }),
  last_id: Type.String(),
  has_more: Type.Boolean(),
})
