import Type, { type Static } from 'typebox'

/** What OpenAI lets files be for. */
export const PURPOSES = [
  'assistants',
  'batch',
  'fine-tune',
  'vision',
  'user_data',
  'evals',
] as const

const ID = 'file-2c1f5b0b6b1d4f3f9d0a7e6c5b4a3f21'

/** How long a file may be said to live, in seconds. */
export const LIFETIME = { least: 3600, most: 2_592_000 } as const

/** `POST /v1/files`, as a form. */
export const CreateFile = Type.Object(
  {
    file: Type.String({ format: 'binary', description: 'The file, with its name.' }),
    purpose: Type.Enum([...PURPOSES], {
      description:
        'What it is for; `user_data` for parts of messages. It makes no difference here.',
    }),
    'expires_after[anchor]': Type.Optional(
      Type.Literal('created_at', { description: 'From when on its time runs.' }),
    ),
    'expires_after[seconds]': Type.Optional(
      Type.Integer({
        minimum: LIFETIME.least,
        maximum: LIFETIME.most,
        description: 'How long it is kept. xAI calls this `expires_after`, which is taken as well.',
      }),
    ),
  },
  { title: 'CreateFile', description: 'A form with a file; its parts may come in any order.' },
)

/** A file as it is given back. */
export const FileObject = Type.Object(
  {
    id: Type.String(),
    object: Type.Literal('file'),
    bytes: Type.Integer(),
    created_at: Type.Integer({ description: 'Seconds since 1970.' }),
    expires_at: Type.Optional(Type.Integer({ description: 'Seconds since 1970.' })),
    filename: Type.String(),
    purpose: Type.String(),
    status: Type.Literal('processed', { description: 'It can be used.' }),
  },
  {
    title: 'File',
    description: 'A file that was uploaded with this key.',
    examples: [
      {
        id: ID,
        object: 'file',
        bytes: 120_000,
        created_at: 1_789_000_000,
        filename: 'moss.pdf',
        purpose: 'user_data',
        status: 'processed',
      },
    ],
  },
)

export type FileObject = Static<typeof FileObject>

/** `GET /v1/files` */
export const FileList = Type.Object(
  {
    object: Type.Literal('list'),
    data: Type.Array(FileObject),
    first_id: Type.String(),
    last_id: Type.String(),
    has_more: Type.Boolean({ description: 'Whether there are more, after `last_id`.' }),
  },
  { title: 'FileList', description: 'Files of this key.' },
)

/** `DELETE /v1/files/{id}` */
export const DeletedFile = Type.Object(
  { id: Type.String(), object: Type.Literal('file'), deleted: Type.Literal(true) },
  {
    title: 'DeletedFile',
    description: 'It is gone, and so is its content.',
    examples: [{ id: ID, object: 'file', deleted: true }],
  },
)
