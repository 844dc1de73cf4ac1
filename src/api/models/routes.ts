import { Elysia } from 'elysia'
import type { Auth } from '../../http/auth'
import { answers, keyFailures, operation } from '../../http/operation'
import { Model, ModelList } from './schema'
import type { Models } from './service'

interface ModelRouteParts {
  readonly models: Models
  readonly auth: Auth
  /** For callers who bring a key of their own. */
  readonly forwardOwn: (request: Request, secret: string) => Promise<Response>
}

/** `GET /v1/models` and `GET /v1/models/{id}`, where an id may contain slashes. */
export const modelRoutes = ({ models, auth, forwardOwn }: ModelRouteParts) => {
  const retrieve = async (request: Request, id: string) => {
    const caller = await auth(request)
    if (caller.kind === 'own') return forwardOwn(request, caller.secret)
    return Response.json(models.find(decodeId(id), caller.key))
  }
  return (
    new Elysia({ prefix: '/v1', tags: ['Models'] })
      .get(
        '/models',
        async ({ request }) => {
          const caller = await auth(request)
          if (caller.kind === 'own') return forwardOwn(request, caller.secret)
          return Response.json(models.list(caller.key))
        },
        {
          detail: operation({
            operationId: 'listModels',
            summary: 'List the models',
            answers: { 200: answers('Every model.', ModelList), 401: keyFailures[401] },
          }),
        },
      )
      .get('/models/:model', ({ path, request }) => retrieve(request, path.slice(MODELS.length)), {
        detail: operation({
          operationId: 'retrieveModel',
          summary: 'Describe one model',
          parameters: [
            {
              name: 'model',
              in: 'path',
              required: true,
              schema: { type: 'string' },
              example: 'demo',
            },
          ],
          answers: { 200: answers('The model.', Model), ...keyFailures },
        }),
      })
      // A parameter ends at a slash, and the OpenAPI plugin leaves wildcards out of its document.
      .get('/models/*', ({ path, request }) => retrieve(request, path.slice(MODELS.length)), {
        detail: { hide: true },
      })
  )
}

/** What a model's id comes after. */
const MODELS = '/v1/models/'

/** An id with slashes comes encoded from some clients and as it is from others. */
function decodeId(raw: string): string {
  try {
    return decodeURIComponent(raw)
  } catch {
    return raw
  }
}
