import Type, { type Static } from 'typebox'
import { choice, optional } from '../../turn/optional'
import { RATIOS, RESOLUTIONS } from '../../turn/picture-shape'

/** What `n` may be at most. */
export const MOST_PICTURES = 10
/** How many pictures may be sent to be changed. */
export const MOST_INPUTS = 16

const FORMATS = ['url', 'b64_json', 'base64'] as const
const QUALITIES = ['auto', 'low', 'medium', 'high', 'standard', 'hd'] as const

const fields = {
  prompt: Type.String({
    maxLength: 32_000,
    description: 'What is to be seen.',
    examples: ['A fern in the rain'],
  }),
  model: optional(
    Type.String({
      description: 'A model that makes pictures; left out for the one that the operator has set.',
    }),
  ),
  n: optional(
    Type.Integer({
      minimum: 1,
      maximum: MOST_PICTURES,
      default: 1,
      description:
        'How many. More than an upstream makes at once are made in several calls side by side.',
    }),
  ),
  size: optional(
    Type.String({
      description:
        '`auto`, a width and a height such as `1536x1024`, or a shape such as `16:9`. Upstreams that draw in some shapes only take the nearest.',
    }),
  ),
  aspect_ratio: choice([...RATIOS, 'auto'], "The shape, in xAI's words."),
  resolution: choice(RESOLUTIONS, "The resolution, in xAI's words."),
  quality: choice(QUALITIES),
  response_format: choice(
    FORMATS,
    'An address that this gateway serves (`url`), or the picture itself in base64 (`b64_json`, also `base64`). The default is `url`; for models `gpt-image-…` it is `b64_json`.',
  ),
  image_format: choice(FORMATS, 'The same by another name.'),
  output_format: choice(
    ['png', 'jpeg', 'webp'],
    'Passed on to upstreams that have a choice; `output_format` of the answer says what it is.',
  ),
  output_compression: optional(Type.Integer({ minimum: 0, maximum: 100 })),
  background: choice(['transparent', 'opaque', 'auto']),
  moderation: choice(['low', 'auto']),
  style: choice(['vivid', 'natural']),
  user: optional(Type.String()),
  stream: optional(
    Type.Boolean({ default: false, description: 'Answer with server-sent events.' }),
  ),
  partial_images: optional(
    Type.Integer({
      minimum: 0,
      maximum: 3,
      description: 'How many previews of each picture to send, with `stream: true`.',
    }),
  ),
  concurrency: optional(
    Type.Integer({
      minimum: 1,
      maximum: 3,
      default: 3,
      description: 'How many calls may be made side by side for one request.',
    }),
  ),
  deferred: optional(Type.Boolean({ description: 'Not supported: only `false` is taken.' })),
}

/** `POST /v1/images/generations`, in OpenAI's form and in xAI's. */
export const ImageGeneration = Type.Object(fields, {
  title: 'ImageGeneration',
  description:
    'Pictures that are wanted. Fields that are not described here pass to upstreams as they are.',
  examples: [{ prompt: 'A fern in the rain', n: 2, size: '1536x1024' }],
})

export type ImageGeneration = Static<typeof ImageGeneration>

const Reference = Type.Union(
  [
    Type.Object({
      image_url: optional(Type.String({ description: 'An address, or a `data:` URL.' })),
      url: optional(Type.String({ description: 'The same, as xAI calls it.' })),
      file_id: optional(Type.String({ description: 'A file of `POST /v1/files`.' })),
    }),
    Type.String({ description: 'An address, or a `data:` URL.' }),
  ],
  { title: 'ImageReference', description: 'A picture: one of these fields says where it is.' },
)

export type Reference = Static<typeof Reference>

const References = Type.Array(Reference, { minItems: 1, maxItems: MOST_INPUTS })

/** `POST /v1/images/edits` in JSON, in OpenAI's form and in xAI's. */
export const ImageEdit = Type.Object(
  {
    ...fields,
    images: optional(References),
    image: optional(Type.Union([Reference, References])),
    image_url: optional(Type.String({ description: 'The picture, where it is only one.' })),
    mask: optional(Reference),
    input_fidelity: choice(['high', 'low']),
  },
  {
    title: 'ImageEdit',
    description:
      "Pictures and what is to become of them: `images` as OpenAI has them, or xAI's `image`.",
    examples: [
      {
        prompt: 'Make it snow',
        images: [{ image_url: 'https://upload.wikimedia.org/wikipedia/commons/4/47/PNG.png' }],
      },
    ],
  },
)

export type ImageEdit = Static<typeof ImageEdit>

/** The fields of the same as a form, without its pictures. */
export const ImageEditFields = Type.Object({ ...fields, input_fidelity: choice(['high', 'low']) })

const File = Type.String({ format: 'binary' })

/** The same as a form, for the document. */
export const ImageEditForm = Type.Object(
  {
    image: Type.Union([File, Type.Array(File, { maxItems: MOST_INPUTS })], {
      description: 'png, jpeg, webp or gif; several as `image[]`.',
    }),
    mask: Type.Optional(File),
    ...fields,
    input_fidelity: choice(['high', 'low']),
  },
  { title: 'ImageEditForm', description: 'Pictures and what is to become of them, as a form.' },
)
