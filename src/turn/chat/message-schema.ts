import Type from 'typebox'
import { optional } from '../optional'

/** A call of a tool, in a question as in an answer. */
export const ToolCall = Type.Object(
  {
    id: Type.Optional(Type.String()),
    type: Type.Optional(Type.String()),
    function: optional(
      Type.Object({
        name: Type.String(),
        arguments: Type.Optional(Type.String({ description: 'JSON, as text.' })),
      }),
    ),
    custom: optional(
      Type.Object(
        { name: Type.String(), input: Type.Optional(Type.String()) },
        {
          description: 'A call of a tool that takes text.',
        },
      ),
    ),
  },
  { title: 'ToolCall', description: 'A call of a tool that the model asked for.' },
)

const ContentPart = Type.Object(
  {
    type: Type.String({
      description: '`text`, `image_url`, `input_audio`, `file` or `refusal`.',
      examples: ['text'],
    }),
    text: Type.Optional(Type.String()),
    image_url: Type.Optional(
      Type.Object({
        url: Type.String({ description: 'An address, or a `data:` URL that holds the picture.' }),
        detail: optional(Type.String()),
      }),
    ),
    input_audio: Type.Optional(Type.Object({ data: Type.String(), format: Type.String() })),
    file: Type.Optional(
      Type.Object({
        filename: optional(Type.String()),
        file_data: optional(Type.String()),
        file_id: optional(Type.String()),
      }),
    ),
    refusal: Type.Optional(Type.String()),
  },
  { title: 'ContentPart', description: 'Text, a picture, sound or a file.' },
)

/** One contribution to a conversation. */
export const Message = Type.Object(
  {
    role: Type.Enum(['developer', 'system', 'user', 'assistant', 'tool', 'function'], {
      description: 'Who speaks.',
    }),
    content: optional(
      Type.Union([Type.String(), Type.Array(ContentPart)], {
        description: 'Text, or a list of parts.',
      }),
    ),
    name: optional(Type.String()),
    tool_calls: optional(Type.Array(ToolCall)),
    tool_call_id: optional(Type.String({ description: 'Which call a `tool` message answers.' })),
    function_call: optional(
      Type.Object(
        { name: Type.String(), arguments: Type.Optional(Type.String()) },
        { deprecated: true },
      ),
    ),
    refusal: optional(Type.String()),
    reasoning_content: optional(Type.String()),
  },
  { title: 'Message', description: 'One contribution to the conversation.' },
)
