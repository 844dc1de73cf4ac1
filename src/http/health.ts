import { Elysia } from 'elysia'
import Type from 'typebox'
import { documented } from './standard'

const Status = Type.Object({ status: Type.String() }, { examples: [{ status: 'ok' }] })

/** `GET /health`: the process lives. `GET /ready`: send it traffic. */
export const health = (isReady: () => Promise<boolean>) =>
  new Elysia({ tags: ['Health'] })
    .get('/health', () => Response.json({ status: 'ok' }), {
      response: { 200: documented(Status) },
      detail: { operationId: 'health', summary: 'The process lives', security: [] },
    })
    .get(
      '/ready',
      async () =>
        (await isReady())
          ? Response.json({ status: 'ready' })
          : Response.json({ status: 'not ready' }, { status: 503 }),
      {
        response: { 200: documented(Status), 503: documented(Status) },
        detail: {
          operationId: 'ready',
          summary: 'Traffic is welcome',
          description: '503 while starting, draining, or before the database was ever read.',
          security: [],
        },
      },
    )
