import Type from 'typebox'
import { choice, optional } from '../../turn/optional'
import { VideoConfigField } from '../../turn/video-config'

const text = (description: string) => optional(Type.String({ description }))

const Prompt = optional(
  Type.String({
    maxLength: 32_000,
    description: 'What is to be seen; may be left out where a picture says it.',
    examples: ['A fern unrolls in the rain'],
  }),
)

const Model = text('A model that makes videos; left out for the one that the operator has set.')

const Seconds = optional(
  Type.Union([Type.Integer(), Type.String()], {
    description: 'How long it is to be: from 1 to 15, as a number or a text.',
    examples: ['8'],
  }),
)

const Picture = Type.Union(
  [
    Type.Object({
      image_url: optional(
        Type.Union([Type.String(), Type.Object({ url: Type.String() })], {
          description: 'An address, or a `data:` URL.',
        }),
      ),
      url: text('The same, as xAI calls it.'),
      file_id: text('A file of `POST /v1/files`.'),
    }),
    Type.String({ description: 'An address, a `data:` URL, or the id of a file.' }),
  ],
  { title: 'VideoPicture', description: 'A picture: one of these says where it is.' },
)

const Pictures = (description: string) =>
  optional(Type.Union([Picture, Type.Array(Picture, { maxItems: 16 })], { description }))

const pictures = {
  image: Pictures('The picture that it begins with; several are what is to be seen in it.'),
  reference_images: Pictures('Pictures of what is to be seen in it, 7 at most.'),
  input_reference: Pictures('The same as `image`, in the words of the Sora API.'),
  images: Pictures('The same as `image`.'),
}

const Resolution = choice(
  ['480p', '720p', '1080p', 'SD', 'HD', 'sd', 'hd'],
  'How sharp it is to be; left out for what `size` says.',
)

const looks = {
  size: text(
    'A width and a height such as `1280x720`, or a shape: `16:9`, `4:3`, `3:2`, `1:1`, `2:3`, `3:4` or `9:16`.',
  ),
  aspect_ratio: text("The shape, in xAI's words."),
  resolution: Resolution,
  resolution_name: Resolution,
}

const xaiOnly = {
  keyframes: optional(
    Type.Array(Type.Object({ image: Picture, timestamp_s: Type.Number({ minimum: 0 }) }), {
      maxItems: 4,
      description: 'Pictures at times, for accounts of xAI.',
    }),
  ),
  reference_audios: optional(
    Type.Array(Type.Object({ url: text('An address.'), voice_id: text('A voice of xAI.') }), {
      maxItems: 3,
      description: 'Sounds that are to be heard in it, for accounts of xAI.',
    }),
  ),
  user: text('Who it is for, which xAI is told.'),
}

const own = {
  prompt: Prompt,
  model: Model,
  seconds: Seconds,
  ...looks,
  preset: choice(['normal', 'fun', 'custom'], 'How grok.com sessions go about it.'),
}

/** `POST /v1/videos`, in the words of OpenAI, of xAI and of the chat. */
export const VideoRequest = Type.Object(
  { ...own, ...pictures, video_config: VideoConfigField, ...xaiOnly },
  {
    title: 'VideoRequest',
    description: 'A video that is wanted.',
    examples: [{ prompt: 'A fern unrolls in the rain', seconds: '6', size: '1280x720' }],
  },
)

/** The bytes of a file. */
export const Bytes = Type.String({ format: 'binary' })

/** The same as a form, for the document. */
export const VideoForm = Type.Object(
  {
    ...own,
    input_reference: Type.Optional(
      Type.Union([Bytes, Type.Array(Bytes, { maxItems: 7 })], {
        description: 'The picture that it begins with; several are what is to be seen in it.',
      }),
    ),
  },
  { title: 'VideoForm', description: 'A video that is wanted, as a form.' },
)

const Duration = optional(
  Type.Union([Type.Integer(), Type.String()], {
    description: 'How long it is to be, in seconds: from 1 to 15.',
  }),
)

/** `POST /v1/videos/generations` */
export const VideoGeneration = Type.Object(
  {
    prompt: Prompt,
    model: Model,
    duration: Duration,
    seconds: Seconds,
    ...looks,
    ...pictures,
    ...xaiOnly,
  },
  {
    title: 'VideoGeneration',
    description: "A video that is wanted, in xAI's words.",
    examples: [{ prompt: 'A fern unrolls in the rain', duration: 6, aspect_ratio: '16:9' }],
  },
)

const Video = Type.Union(
  [
    Type.Object({
      url: text('An address, one of ours too, or a `data:` URL.'),
      file_id: text('A file of `POST /v1/files`.'),
    }),
    Type.String({ description: 'An address, or a `data:` URL.' }),
  ],
  { description: 'The video, an mp4.' },
)

const change = {
  prompt: Type.String({ minLength: 1, maxLength: 32_000, description: 'What is to become of it.' }),
  video: Video,
  model: Model,
  user: xaiOnly.user,
}

const EXAMPLE = { prompt: 'Make it snow', video: { url: 'https://example.org/fern.mp4' } }

/** `POST /v1/videos/edits` */
export const VideoEdit = Type.Object(change, {
  title: 'VideoEdit',
  description: 'A video, and what is to be changed of it.',
  examples: [EXAMPLE],
})

/** `POST /v1/videos/extensions` */
export const VideoExtension = Type.Object(
  {
    ...change,
    duration: optional(
      Type.Union([Type.Integer(), Type.String()], {
        description: 'How much longer it is to be, in seconds: from 2 to 10.',
      }),
    ),
  },
  {
    title: 'VideoExtension',
    description: 'A video that is to go on.',
    examples: [{ ...EXAMPLE, duration: 6 }],
  },
)

const Nullable = (schema: Type.TSchema) => Type.Union([schema, Type.Null()])

const Failure = Nullable(
  Type.Object({ code: Type.String(), message: Type.String() }, { description: 'Why it failed.' }),
)

/** A video and how far it is. */
export const VideoObject = Type.Object(
  {
    id: Type.String(),
    object: Type.Literal('video'),
    model: Type.String(),
    status: Type.Enum(['queued', 'in_progress', 'completed', 'failed']),
    progress: Type.Integer({ minimum: 0, maximum: 100 }),
    created_at: Type.Integer(),
    completed_at: Nullable(Type.Integer()),
    expires_at: Nullable(Type.Integer()),
    prompt: Nullable(Type.String()),
    size: Type.String({ description: 'As it was asked for, else `auto`.' }),
    seconds: Type.String(),
    quality: Type.Literal('standard'),
    remixed_from_video_id: Type.Null(),
    error: Failure,
  },
  { title: 'Video' },
)

/** `GET /v1/videos` */
export const VideoList = Type.Object(
  {
    object: Type.Literal('list'),
    data: Type.Array(VideoObject),
    first_id: Type.String(),
    last_id: Type.String(),
    has_more: Type.Boolean(),
  },
  { title: 'VideoList' },
)

/** `DELETE /v1/videos/{id}` */
export const DeletedVideo = Type.Object(
  { id: Type.String(), object: Type.Literal('video.deleted'), deleted: Type.Literal(true) },
  { title: 'DeletedVideo' },
)

/** The answer to a request in xAI's words. */
export const BegunVideo = Type.Object(
  { request_id: Type.String({ description: 'To ask with how far it is.' }) },
  { title: 'BegunVideo' },
)

/** A video and how far it is, in xAI's words. */
export const VideoState = Type.Object(
  {
    status: Type.Enum(['pending', 'done', 'failed']),
    model: Type.String(),
    progress: Type.Optional(Type.Integer({ minimum: 0, maximum: 100 })),
    video: Type.Optional(
      Type.Object({
        url: Type.String({ description: 'Where it is, at this gateway.' }),
        duration: Type.Optional(Type.Integer()),
        respect_moderation: Type.Literal(true),
      }),
    ),
    error: Type.Optional(Type.Object({ code: Type.String(), message: Type.String() })),
    usage: Type.Optional(Type.Object({ cost_in_usd_ticks: Type.Integer() })),
  },
  { title: 'VideoState' },
)

/** `GET /v1/videos/{id}`: as it was asked for, in OpenAI's words or in xAI's. */
export const AnyVideo = Type.Union([VideoObject, VideoState], { title: 'AnyVideo' })
