import { Elysia } from 'elysia'
import { type Auth, authenticated } from '../../http/auth'
import { keyFailures } from '../../http/errors-doc'
import { documented } from '../../http/standard'
import { Model, ModelList } from './schema'
import type { Models } from './service'

interface ModelRouteParts {
  readonly models: Models
  readonly auth: Auth
  /** For callers who bring a key of their own. */
  readonly forwardOwn: (request: Request, secret: string) => Promise<Response>
}

/** `GET /v1/models` and `GET /v1/models/{id}`, where an id may contain slashes. */
export const modelRoutes = ({ models, auth, forwardOwn }: ModelRouteParts) =>
  new Elysia({ prefix: '/v1', tags: ['Models'] })
    .use(authenticated(auth))
    .get(
      '/models',
      ({ caller, request }) =>
        caller.kind === 'own'
          ? forwardOwn(request, caller.secret)
          : Response.json(models.list(caller.key)),
      {
        response: { 200: documented(ModelList), 401: keyFailures[401] },
        detail: { operationId: 'listModels', summary: 'List the models' },
      },
    )
    .get(
      '/models/*',
      ({ params, caller, request }) =>
        caller.kind === 'own'
          ? forwardOwn(request, caller.secret)
          : Response.json(models.find(decodeId(params['*']), caller.key)),
      {
        response: { 200: documented(Model), ...keyFailures },
        detail: {
          operationId: 'retrieveModel',
          summary: 'Describe one model',
          parameters: [{ name: '*', in: 'path', required: true, schema: { type: 'string' } }],
        },
      },
    )

/** An id with slashes comes encoded from some clients and as it is from others. */
function decodeId(raw: string): string {
  try {
    return decodeURIComponent(raw)
  } catch {
    return raw
  }
}
