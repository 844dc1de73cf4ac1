import Type, { type Static } from 'typebox'
import { choice, optional } from '../optional'
import { VideoConfigField } from '../video-config'

/**
 * One entry of `input` or `output`. Which fields it has depends on its `type`; the decoder looks at
 * those, and what it does not know passes to upstreams that speak this dialect.
 */
export const Item = Type.Object(
  {
    type: optional(
      Type.String({
        description: '`message` where it is left out; else `function_call`, `reasoning`, …',
        examples: ['message'],
      }),
    ),
    id: optional(Type.String()),
    role: optional(Type.Enum(['user', 'assistant', 'system', 'developer'])),
    content: optional(
      Type.Union([Type.String(), Type.Array(Type.Object({ type: Type.String() }))], {
        description: 'Text, or a list of parts: `input_text`, `input_image`, `input_file`, …',
      }),
    ),
  },
  { title: 'Item', description: 'A message, a call of a tool, what it gave, or a thought.' },
)

const Tool = Type.Object(
  {
    type: Type.String({
      description: '`function`, `custom`, `web_search`, `mcp`, …',
      examples: ['function'],
    }),
    name: optional(Type.String()),
    description: optional(Type.String()),
    parameters: optional(Type.Object({}, { description: 'A JSON Schema.' })),
    strict: optional(Type.Boolean()),
  },
  { title: 'ResponseTool', description: 'Something the model may call.' },
)

const Conversation = Type.Union([Type.String(), Type.Object({ id: Type.String() })], {
  description: 'The conversation that this turn belongs to: its items come first.',
})

const Input = Type.Union([Type.String(), Type.Array(Item)], {
  description: 'What is said or shown to the model: text, or a list of items.',
  examples: ['Which way is north?'],
})

/** Pairs of a client's own, about something that is kept. */
export const Metadata = Type.Record(Type.String(), Type.String(), {
  description: 'Up to 16 pairs of your own: keys of 64 characters, values of 512.',
})

/** What says how to answer: shared by turns and by what only counts their tokens. */
const Manner = {
  instructions: optional(
    Type.String({ description: 'Said to the model first. Not carried over to later turns.' }),
  ),
  previous_response_id: optional(
    Type.String({ description: 'Go on from that response. Not with `conversation`.' }),
  ),
  conversation: optional(Conversation),
  tools: optional(Type.Array(Tool, { description: 'What the model may call.' })),
  tool_choice: optional(
    Type.Union([Type.String(), Type.Object({ type: Type.String() })], {
      description: '`none`, `auto`, `required`, or the one tool to call.',
    }),
  ),
  parallel_tool_calls: optional(
    Type.Boolean({ default: true, description: 'Whether several may be called at once.' }),
  ),
  reasoning: optional(
    Type.Object(
      {
        effort: choice(
          ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'],
          'How long to think: the nearest that the model knows.',
        ),
        summary: choice(['auto', 'concise', 'detailed']),
      },
      { description: 'How to think.' },
    ),
  ),
  text: optional(
    Type.Object(
      {
        format: optional(
          Type.Object(
            {
              type: Type.Enum(['text', 'json_object', 'json_schema']),
              name: optional(Type.String({ description: 'What the schema is called.' })),
              description: optional(Type.String()),
              schema: optional(Type.Object({}, { description: 'A JSON Schema.' })),
              strict: optional(Type.Boolean()),
            },
            { description: 'Ask for JSON, or for JSON that fits a schema.' },
          ),
        ),
        verbosity: choice(['low', 'medium', 'high'], 'How much to say.'),
      },
      { description: 'What the answer looks like.' },
    ),
  ),
  truncation: choice(
    ['auto', 'disabled'],
    '`auto` leaves out the oldest items when the conversation is too long for a model that says how long it may be.',
  ),
}

/**
 * `POST /v1/responses`: what OpenAI's own schema accepts, this accepts. Fields without a name here
 * pass to upstreams that speak this dialect.
 */
export const ResponsesRequest = Type.Object(
  {
    model: Type.String({ description: 'A model id from `GET /v1/models`.', examples: ['demo'] }),
    input: optional(Input),
    ...Manner,
    stream: optional(
      Type.Boolean({ default: false, description: 'Answer with server-sent events.' }),
    ),
    stream_options: optional(
      Type.Object(
        { include_obfuscation: optional(Type.Boolean()) },
        { description: 'Only with `stream: true`.' },
      ),
    ),
    store: optional(
      Type.Boolean({
        default: true,
        description: 'Keep it, so that it can be looked up and later turns can go on from it.',
      }),
    ),
    background: optional(
      Type.Boolean({
        default: false,
        description:
          'Answer at once with a response that is `queued`, and work on it afterwards: look it up, or stream it, by its id. Not with `store: false`.',
      }),
    ),
    include: optional(
      Type.Array(Type.String(), {
        description:
          'What else to send: `reasoning.encrypted_content`, `message.output_text.logprobs`, …',
      }),
    ),
    max_output_tokens: optional(
      Type.Integer({
        minimum: 1,
        description: 'The most tokens of an answer, reasoning included.',
      }),
    ),
    max_tool_calls: optional(
      Type.Integer({ minimum: 0, description: 'For tools that run at an upstream, where it can.' }),
    ),
    temperature: optional(
      Type.Number({ minimum: 0, maximum: 2, description: 'Higher is more random.' }),
    ),
    top_p: optional(Type.Number({ minimum: 0, maximum: 1 })),
    top_logprobs: optional(
      Type.Integer({
        minimum: 0,
        maximum: 20,
        description:
          'Alternatives of each token; with `message.output_text.logprobs` in `include`.',
      }),
    ),
    metadata: optional(Metadata),
    prompt_cache_key: optional(
      Type.String({ description: 'Turns with the same key share the prompt cache.' }),
    ),
    safety_identifier: optional(Type.String()),
    user: optional(Type.String({ deprecated: true })),
    service_tier: optional(Type.String()),
    video_config: VideoConfigField,
  },
  {
    title: 'ResponsesRequest',
    description: 'A turn of the Responses API.',
    examples: [{ model: 'demo', input: 'Which way is north?' }],
  },
)

/** `POST /v1/responses/input_tokens` */
export const CountRequest = Type.Object(
  {
    model: optional(Type.String({ description: 'Makes no difference.', examples: ['demo'] })),
    input: optional(Input),
    ...Manner,
  },
  {
    title: 'InputTokensRequest',
    description: 'A turn whose tokens are to be counted.',
    examples: [{ model: 'demo', input: 'Which way is north?' }],
  },
)

export type CountRequest = Static<typeof CountRequest>

/** `POST /v1/responses/compact` */
export const CompactRequest = Type.Object(
  {
    model: Type.String({ description: 'The model that sums it up.', examples: ['demo'] }),
    input: optional(Input),
    instructions: optional(Type.String({ description: 'What to heed on top of the usual.' })),
    previous_response_id: optional(
      Type.String({ description: 'What was said up to that response comes first.' }),
    ),
    prompt_cache_key: optional(Type.String()),
    service_tier: optional(Type.String()),
  },
  {
    title: 'CompactRequest',
    description: 'A conversation that is to be made shorter.',
    examples: [{ model: 'demo', input: 'Which way is north?' }],
  },
)

export type CompactRequest = Static<typeof CompactRequest>

export type ResponsesRequest = Static<typeof ResponsesRequest>
export type Item = Static<typeof Item> & Readonly<Record<string, unknown>>
