import Type, { type Static } from 'typebox'
import { choice, optional } from '../../turn/optional'

const Tokens = Type.Array(Type.Integer())

/** `POST /v1/embeddings`. Fields without a name here pass to the upstream as they are. */
export const EmbeddingsRequest = Type.Object(
  {
    model: Type.String({
      description: 'A model id from `GET /v1/models`.',
      examples: ['text-embedding-3-small'],
    }),
    input: Type.Union([Type.String(), Type.Array(Type.String()), Tokens, Type.Array(Tokens)], {
      description: 'A text, or up to 2048 of them; each as words or as tokens of the model.',
      examples: ['Which way is north?'],
    }),
    encoding_format: choice(
      ['float', 'base64'],
      'How to write the vectors: as numbers, which is the default, or as base64 of 32-bit floats, low byte first.',
    ),
    dimensions: optional(
      Type.Integer({
        minimum: 1,
        description: 'How long the vectors are to be, where a model can.',
      }),
    ),
    user: optional(Type.String()),
  },
  {
    title: 'EmbeddingsRequest',
    description: 'Texts that are to be made vectors of.',
    examples: [{ model: 'text-embedding-3-small', input: 'Which way is north?' }],
  },
)

export type EmbeddingsRequest = Static<typeof EmbeddingsRequest>

/** The vectors, in the order of the texts. */
export const EmbeddingList = Type.Object(
  {
    object: Type.Literal('list'),
    data: Type.Array(
      Type.Object({
        object: Type.Literal('embedding'),
        index: Type.Integer(),
        embedding: Type.Union([Type.Array(Type.Number()), Type.String()]),
      }),
    ),
    model: Type.String({ description: 'The model that was asked for.' }),
    usage: Type.Object({ prompt_tokens: Type.Integer(), total_tokens: Type.Integer() }),
  },
  {
    title: 'EmbeddingList',
    examples: [
      {
        object: 'list',
        data: [{ object: 'embedding', index: 0, embedding: [0.0023, -0.0092, 0.0158] }],
        model: 'text-embedding-3-small',
        usage: { prompt_tokens: 5, total_tokens: 5 },
      },
    ],
  },
)
