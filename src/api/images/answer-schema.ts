import Type from 'typebox'

const Usage = Type.Object(
  {
    input_tokens: Type.Integer(),
    output_tokens: Type.Integer(),
    total_tokens: Type.Integer(),
    input_tokens_details: Type.Object({
      text_tokens: Type.Integer(),
      image_tokens: Type.Integer(),
    }),
    cost_in_usd_ticks: Type.Optional(
      Type.Integer({ description: 'What the upstream says it costs: 10^10 are one US dollar.' }),
    ),
    estimated: Type.Optional(
      Type.Literal(true, { description: 'Nobody counted: these numbers are a guess.' }),
    ),
  },
  { title: 'ImageUsage', description: 'What all calls took together.' },
)

const usage = {
  input_tokens: 12,
  output_tokens: 272,
  total_tokens: 284,
  input_tokens_details: { text_tokens: 12, image_tokens: 0 },
}

/** The answer to a request for pictures. */
export const ImagesAnswer = Type.Object(
  {
    created: Type.Integer({ description: 'Seconds since 1970.' }),
    data: Type.Array(
      Type.Object({
        url: Type.Optional(Type.String({ description: 'An address of this gateway.' })),
        b64_json: Type.Optional(Type.String({ description: 'The picture in base64.' })),
        revised_prompt: Type.Optional(Type.String()),
      }),
    ),
    usage: Type.Optional(Usage),
    size: Type.Optional(Type.String({ description: 'How large they are, where that is known.' })),
    quality: Type.Optional(Type.String()),
    background: Type.Optional(Type.String()),
    output_format: Type.Optional(
      Type.String({ description: 'What they are, where that is known: nothing is converted.' }),
    ),
  },
  {
    title: 'ImagesAnswer',
    description: 'As many pictures as were asked for.',
    examples: [
      {
        created: 1767225600,
        data: [{ url: 'https://groxy.example/images/0f8e4a6c2b1d4f3f9d0a7e6c5b4a3f21.jpg' }],
        usage,
      },
    ],
  },
)

/** What a stream of pictures sends. */
export const ImageEvent = Type.Object(
  {
    type: Type.String({
      description:
        '`image_generation.partial_image`, `image_generation.completed`, or the same with `image_edit`.',
    }),
    b64_json: Type.String(),
    created_at: Type.Integer(),
    size: Type.String(),
    quality: Type.String(),
    background: Type.String(),
    output_format: Type.String(),
    index: Type.Integer({ description: 'Which of the pictures it is, from 0.' }),
    partial_image_index: Type.Optional(Type.Integer({ description: 'Of a preview: from 0.' })),
    usage: Type.Optional(Usage),
    url: Type.Optional(
      Type.String({ description: 'Where `response_format` asked for it: an address besides.' }),
    ),
    revised_prompt: Type.Optional(Type.String()),
  },
  {
    title: 'ImageEvent',
    description: 'A picture, or a preview of one. An event `error` says what went wrong.',
    examples: [
      {
        type: 'image_generation.completed',
        b64_json: 'iVBORw0KGgo…',
        created_at: 1767225600,
        size: '1024x1024',
        quality: 'auto',
        background: 'auto',
        output_format: 'png',
        index: 0,
        usage,
      },
    ],
  },
)

/** How grok.com's pictures are made. */
export const ImageMethod = Type.Object(
  {
    image_generation_method: Type.Enum(['legacy', 'imagine_ws_experimental'], {
      description: '`legacy` in a chat, `imagine_ws_experimental` over the WebSocket of Imagine.',
    }),
  },
  { title: 'ImageMethod', examples: [{ image_generation_method: 'legacy' }] },
)
