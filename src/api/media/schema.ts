import Type from 'typebox'

/** What was uploaded. */
export const UploadedImage = Type.Object(
  {
    url: Type.String({ description: 'Where it can be fetched from now on, without a key.' }),
    name: Type.String({ description: 'The last part of the address.' }),
    size_bytes: Type.Integer(),
  },
  { title: 'UploadedImage' },
)

/** The form that brings a picture. */
export const UploadImage = Type.Object(
  { file: Type.String({ format: 'binary', description: 'A png, jpeg, gif, webp or avif.' }) },
  { title: 'UploadImage' },
)

/** Bytes of a picture or a video. */
export const Bytes = Type.String({ format: 'binary' })
