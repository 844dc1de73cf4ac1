import Type, { type Static } from 'typebox'
import { choice, optional } from '../optional'
import { VideoConfigField } from '../video-config'
import { Message, ToolCall } from './message-schema'

const JsonSchemaFormat = Type.Object({
  name: Type.String({ maxLength: 64, description: 'Letters, digits, `_` and `-`.' }),
  description: optional(Type.String()),
  schema: optional(Type.Object({}, { description: 'A JSON Schema.' })),
  strict: optional(Type.Boolean()),
})

const Tool = Type.Object(
  {
    type: Type.String({ examples: ['function'] }),
    function: Type.Optional(
      Type.Object({
        name: Type.String(),
        description: optional(Type.String()),
        parameters: optional(Type.Object({}, { description: 'A JSON Schema.' })),
        strict: optional(Type.Boolean()),
      }),
    ),
    custom: Type.Optional(
      Type.Object(
        {
          name: Type.String(),
          description: optional(Type.String()),
          format: optional(
            Type.Object({}, { description: 'Any text, or the grammar that it has to follow.' }),
          ),
        },
        { description: 'A tool that takes text instead of JSON.' },
      ),
    ),
  },
  { title: 'Tool', description: 'Something the model may call.' },
)

/** Pairs of a client's own, about something that is kept. */
export const Metadata = Type.Record(Type.String(), Type.String(), {
  description: 'Up to 16 pairs of your own: keys of 64 characters, values of 512.',
})

/**
 * `POST /v1/chat/completions`: what OpenAI's own schema accepts, this accepts. Fields without a name
 * here pass to the upstream as they are.
 */
export const ChatRequest = Type.Object(
  {
    model: Type.String({
      description: 'A model id from `GET /v1/models`.',
      examples: ['demo'],
    }),
    messages: Type.Array(Message, {
      minItems: 1,
      description: 'The conversation so far, oldest first.',
    }),
    stream: optional(
      Type.Boolean({ default: false, description: 'Answer with server-sent events.' }),
    ),
    stream_options: optional(
      Type.Object(
        {
          include_usage: optional(
            Type.Boolean({ description: 'Send one more chunk with the usage before the end.' }),
          ),
          include_obfuscation: optional(Type.Boolean()),
        },
        { description: 'Only with `stream: true`.' },
      ),
    ),
    n: optional(
      Type.Integer({ minimum: 1, maximum: 128, default: 1, description: 'How many answers.' }),
    ),
    max_completion_tokens: optional(
      Type.Integer({ description: 'The most tokens of an answer, reasoning included.' }),
    ),
    max_tokens: optional(Type.Integer({ deprecated: true })),
    temperature: optional(
      Type.Number({ minimum: 0, maximum: 2, description: 'Higher is more random.' }),
    ),
    top_p: optional(Type.Number({ minimum: 0, maximum: 1 })),
    frequency_penalty: optional(Type.Number({ minimum: -2, maximum: 2 })),
    presence_penalty: optional(Type.Number({ minimum: -2, maximum: 2 })),
    stop: optional(
      Type.Union([Type.String(), Type.Array(Type.String())], {
        description: 'Up to four texts that end the answer.',
      }),
    ),
    seed: optional(Type.Number()),
    logprobs: optional(Type.Boolean()),
    top_logprobs: optional(Type.Integer({ minimum: 0, maximum: 20 })),
    logit_bias: optional(Type.Record(Type.String(), Type.Number())),
    response_format: optional(
      Type.Object(
        {
          type: Type.Enum(['text', 'json_object', 'json_schema']),
          json_schema: optional(JsonSchemaFormat),
        },
        { description: 'Ask for JSON, or for JSON that fits a schema.' },
      ),
    ),
    tools: optional(Type.Array(Tool, { description: 'What the model may call.' })),
    tool_choice: optional(
      Type.Union([Type.String(), Type.Object({ type: Type.String() })], {
        description: '`none`, `auto`, `required`, or the one tool to call.',
      }),
    ),
    functions: optional(
      Type.Array(
        Type.Object({
          name: Type.String(),
          description: optional(Type.String()),
          parameters: optional(Type.Object({})),
        }),
        { deprecated: true },
      ),
    ),
    function_call: optional(
      Type.Union([Type.String(), Type.Object({ name: Type.String() })], { deprecated: true }),
    ),
    parallel_tool_calls: optional(Type.Boolean()),
    reasoning_effort: choice(
      ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'],
      'How long to think; `none` also hides the thinking.',
    ),
    verbosity: choice(['low', 'medium', 'high'], 'How much to say.'),
    modalities: optional(Type.Array(Type.String())),
    web_search_options: optional(
      Type.Object({}, { description: 'Search the web first, where the upstream can.' }),
    ),
    prompt_cache_key: optional(
      Type.String({ description: 'Turns with the same key share the prompt cache.' }),
    ),
    service_tier: optional(Type.String()),
    safety_identifier: optional(Type.String()),
    user: optional(Type.String({ deprecated: true })),
    video_config: VideoConfigField,
    store: optional(
      Type.Boolean({ default: false, description: 'Keep the answer, to look it up later.' }),
    ),
    metadata: optional(Metadata),
  },
  {
    title: 'ChatRequest',
    description: 'A chat completion request.',
    examples: [{ model: 'demo', messages: [{ role: 'user', content: 'Which way is north?' }] }],
  },
)

export type ChatRequest = Static<typeof ChatRequest>
export type ChatMessage = ChatRequest['messages'][number]

const FinishReason = Type.Enum(
  ['stop', 'length', 'tool_calls', 'content_filter', 'function_call'],
  {
    description: 'Why the answer ended.',
  },
)

const ChatUsage = Type.Object(
  {
    prompt_tokens: Type.Integer(),
    completion_tokens: Type.Integer({ description: 'Reasoning included.' }),
    total_tokens: Type.Integer(),
    estimated: Type.Optional(
      Type.Boolean({ description: 'True when the upstream did not say and Groxy reckoned.' }),
    ),
  },
  { title: 'Usage', description: 'What the answer took.' },
)

const Logprobs = Type.Union([
  Type.Object({
    content: Type.Union([Type.Array(Type.Object({})), Type.Null()]),
    refusal: Type.Union([Type.Array(Type.Object({})), Type.Null()]),
  }),
  Type.Null(),
])

const LegacyCall = Type.Optional(
  Type.Object(
    { name: Type.Optional(Type.String()), arguments: Type.String() },
    { deprecated: true, description: 'Instead of `tool_calls` where `functions` were given.' },
  ),
)

/** The whole answer at once. */
export const ChatCompletion = Type.Object(
  {
    id: Type.String(),
    object: Type.Literal('chat.completion'),
    created: Type.Integer({ description: 'Seconds since 1970.' }),
    model: Type.String({ description: 'The model that was asked for.' }),
    choices: Type.Array(
      Type.Object({
        index: Type.Integer(),
        finish_reason: FinishReason,
        logprobs: Logprobs,
        message: Type.Object({
          role: Type.Literal('assistant'),
          content: Type.Union([Type.String(), Type.Null()]),
          refusal: Type.Union([Type.String(), Type.Null()]),
          reasoning_content: Type.Optional(Type.String()),
          tool_calls: Type.Optional(Type.Array(ToolCall)),
          function_call: LegacyCall,
        }),
      }),
    ),
    usage: ChatUsage,
    metadata: Type.Optional(Metadata),
  },
  {
    title: 'ChatCompletion',
    description: 'An answer.',
    examples: [
      {
        id: 'chatcmpl-2c1f5b0b6b1d4f3f9d0a7e6c5b4a3f21',
        object: 'chat.completion',
        created: 1790000000,
        model: 'demo',
        choices: [
          {
            index: 0,
            finish_reason: 'stop',
            logprobs: null,
            message: { role: 'assistant', content: 'Where the moss grows.', refusal: null },
          },
        ],
        usage: { prompt_tokens: 12, completion_tokens: 6, total_tokens: 18 },
      },
    ],
  },
)

/** One event of a streamed answer. */
export const ChatCompletionChunk = Type.Object(
  {
    id: Type.String(),
    object: Type.Literal('chat.completion.chunk'),
    created: Type.Integer(),
    model: Type.String(),
    choices: Type.Array(
      Type.Object({
        index: Type.Integer(),
        finish_reason: Type.Union([FinishReason, Type.Null()]),
        delta: Type.Object({
          role: Type.Optional(Type.Literal('assistant')),
          content: Type.Optional(Type.Union([Type.String(), Type.Null()])),
          reasoning_content: Type.Optional(Type.String()),
          refusal: Type.Optional(Type.Union([Type.String(), Type.Null()])),
          tool_calls: Type.Optional(Type.Array(Type.Object({ index: Type.Integer() }))),
          function_call: LegacyCall,
        }),
      }),
    ),
    usage: Type.Optional(Type.Union([ChatUsage, Type.Null()])),
  },
  { title: 'ChatCompletionChunk', description: 'One event of a streamed answer.' },
)
