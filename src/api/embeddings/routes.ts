import { Elysia } from 'elysia'
import type { BodyReaders } from '../../http/body'
import type { KeyHandlers } from '../../http/key-handlers'
import { answers, operation, turnFailures } from '../../http/operation'
import { EmbeddingList, EmbeddingsRequest } from './schema'
import type { EmbeddingsApi } from './service'

interface EmbeddingRouteParts {
  readonly embeddings: EmbeddingsApi
  readonly handlers: KeyHandlers
  readonly readers: BodyReaders
}

/** `POST /v1/embeddings` */
export const embeddingRoutes = ({ embeddings, handlers, readers }: EmbeddingRouteParts) => {
  const read = readers(EmbeddingsRequest)
  return new Elysia({ prefix: '/v1', tags: ['Embeddings'] }).post(
    '/embeddings',
    handlers(async (request, caller) => embeddings.create(await read(request), caller)),
    {
      parse: 'none',
      detail: operation({
        operationId: 'createEmbedding',
        summary: 'Make vectors of texts',
        description:
          'By an account whose upstream has such models: an OpenAI-compatible server, or xAI. The vectors come in the form that was asked for, whichever the upstream writes. Fields that are not described here pass to it.',
        body: EmbeddingsRequest,
        answers: { 200: answers('The vectors.', EmbeddingList), ...turnFailures },
      }),
    },
  )
}
