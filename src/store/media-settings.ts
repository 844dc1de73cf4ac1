import Type from 'typebox'

const megabytes = (value: number, description: string) =>
  Type.Integer({ default: value, minimum: 0, description })

/** Settings of pictures, videos and files. */
export const MediaSettings = {
  base_url: Type.String({
    default: '',
    // Neither a password nor what means something to a shell: programs are shown it to be copied.
    pattern: '^(?:https?://[^\\s/?#@\\\\"\'<>`$]+(?:/[^\\s?#\\\\"\'<>`$]*)?)?$',
    description:
      "Where addresses of pictures and videos begin, such as https://groxy.example; empty for the request's own origin.",
  }),
  image_model: Type.String({
    default: '',
    description:
      'The model of pictures that are asked for without one; empty for the first that draws.',
  }),
  video_model: Type.String({ default: '', description: 'The same for videos.' }),
  image_method: Type.Enum(['chat', 'imagine'], {
    default: 'chat',
    description:
      'How grok.com sessions make pictures for /v1/images/generations: in a chat, or over the WebSocket of its page Imagine.',
  }),
  image_cache_max_mb: megabytes(
    512,
    'What pictures that are kept may weigh together, in MB; those unused for longest go first.',
  ),
  video_cache_max_mb: megabytes(1024, 'The same for videos.'),
  media_object_max_mb: megabytes(
    2048,
    'The largest picture or video that is kept, in MB; larger ones are handed through each time.',
  ),
  media_max_age_days: Type.Integer({
    default: 0,
    minimum: 0,
    description: 'How long pictures and videos are kept after they were made; 0 for no limit.',
  }),
  media_cleaning: Type.Boolean({
    default: true,
    description:
      'Remove pictures and videos beyond these limits, files and video jobs that have expired, and what nobody refers to.',
  }),
  media_cleaning_time: Type.Enum(['at_once', 'nightly'], {
    default: 'at_once',
    description:
      "When they are removed: as soon as there are too many, or at midnight of the operator's time zone.",
  }),
  media_link_hours: Type.Integer({
    default: 0,
    minimum: 0,
    description:
      'How long addresses of pictures and videos are good: they are signed then. 0 for no end, and no signature.',
  }),
  media_fetch_timeout_ms: Type.Integer({
    default: 600_000,
    minimum: 1,
    description: 'How long fetching a picture or a video from its upstream may take altogether.',
  }),
  file_max_mb: megabytes(512, 'The largest file that /v1/files takes, in MB.'),
  files_max_mb: megabytes(4096, 'What the files of one key may weigh together, in MB.'),
  file_max_days: Type.Integer({
    default: 0,
    minimum: 0,
    description: 'How long files are kept; 0 until they are deleted, or expire by their own word.',
  }),
  video_days: Type.Integer({
    default: 30,
    minimum: 1,
    description: 'How long video jobs are kept after they were asked for.',
  }),
  video_timeout_ms: Type.Integer({
    default: 900_000,
    minimum: 1,
    description: 'How long one video may take to be made.',
  }),
  videos_at_once: Type.Integer({
    default: 20,
    minimum: 1,
    description: 'Videos that one instance has made at the same time; more of them wait.',
  }),
}
