import Type from 'typebox'

const Nullable = (schema: Type.TSchema, description: string) =>
  Type.Union([schema, Type.Null()], { description })

const Sort = Type.Enum(['image', 'video'])

/** A picture or a video. */
export const MediaObject = Type.Object(
  {
    object: Type.Literal('media'),
    name: Type.String({ description: 'What its address ends with.' }),
    sort: Sort,
    url: Type.String({ description: 'Its address; with a signature where the settings want one.' }),
    kept: Type.Boolean({ description: 'Whether its bytes are here.' }),
    fetchable: Type.Boolean({ description: 'Whether they can be fetched again.' }),
    mime: Nullable(Type.String(), 'Null while it is not here.'),
    bytes: Nullable(Type.Integer(), 'Null while it is not here.'),
    account_id: Nullable(Type.String(), 'What made it; null for what a client uploaded.'),
    account: Nullable(Type.String(), '`kind/name`; null where there is no such account any more.'),
    model: Nullable(Type.String(), 'As its client called it; null where that is not known.'),
    key_id: Nullable(Type.String(), 'The key that it was made for.'),
    created_at: Type.Integer({ description: 'Unix seconds.' }),
    used_at: Type.Integer({ description: 'When it was last asked for, to the hour.' }),
  },
  { title: 'Media' },
)

const listOf = (item: Type.TSchema, title: string) =>
  Type.Object(
    {
      object: Type.Literal('list'),
      data: Type.Array(item),
      has_more: Type.Boolean(),
      next: Nullable(Type.String(), 'What to send as `after` for the next page.'),
    },
    { title },
  )

/** `GET /admin/api/media` */
export const MediaList = listOf(MediaObject, 'MediaList')

const Totals = Type.Object({
  known: Type.Integer({ description: 'How many addresses there are.' }),
  kept: Type.Integer({ description: 'How many of them have their bytes here.' }),
  bytes: Type.Integer({ description: 'What these weigh together.' }),
  limit_bytes: Type.Integer({ description: 'What they may weigh.' }),
})

/** `GET /admin/api/media/stats` */
export const MediaStats = Type.Object(
  {
    object: Type.Literal('media.stats'),
    image: Totals,
    video: Totals,
    files: Type.Object({
      count: Type.Integer(),
      bytes: Type.Integer(),
      limit_bytes_per_key: Type.Integer(),
    }),
  },
  { title: 'MediaStats' },
)

/** `POST /admin/api/media/clear` */
export const ClearMedia = Type.Object(
  { sort: Type.Enum(['image', 'video', 'all'], { description: 'What is to go.' }) },
  { title: 'ClearMedia', additionalProperties: false, examples: [{ sort: 'video' }] },
)

/** What was deleted. */
export const MediaDeleted = Type.Object(
  {
    object: Type.Literal('media.deleted'),
    deleted: Type.Integer(),
    bytes: Type.Integer({ description: 'What that freed.' }),
    has_more: Type.Boolean({ description: 'There was more than goes at once: ask again.' }),
  },
  { title: 'MediaDeleted' },
)

/** A file that a key has sent. */
export const FileObject = Type.Object(
  {
    object: Type.Literal('file'),
    id: Type.String(),
    filename: Type.String(),
    purpose: Type.String(),
    mime: Type.String(),
    bytes: Type.Integer(),
    key_id: Type.String(),
    key: Nullable(Type.String(), 'What the key is called; null where there is none any more.'),
    created_at: Type.Integer(),
    expires_at: Nullable(Type.Integer(), 'Null for as long as nobody deletes it.'),
  },
  { title: 'StoredFile' },
)

/** `GET /admin/api/files` */
export const FileList = listOf(FileObject, 'StoredFileList')

/** `DELETE /admin/api/files/{id}` */
export const FileDeleted = Type.Object(
  { object: Type.Literal('file.deleted'), id: Type.String(), deleted: Type.Literal(true) },
  { title: 'StoredFileDeleted' },
)
