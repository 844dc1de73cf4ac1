import { Elysia } from 'elysia'
import Type from 'typebox'
import { answers, operation } from './operation'

const Status = Type.Object({ status: Type.String() }, { examples: [{ status: 'ok' }] })

/** `GET /health`: the process lives. `GET /ready`: send it traffic. */
export const health = (isReady: () => Promise<boolean>) =>
  new Elysia({ tags: ['Health'] })
    .get('/health', () => Response.json({ status: 'ok' }), {
      detail: operation({
        operationId: 'health',
        summary: 'The process lives',
        open: true,
        answers: { 200: answers('It lives.', Status) },
      }),
    })
    .get(
      '/ready',
      async () =>
        (await isReady())
          ? Response.json({ status: 'ready' })
          : Response.json({ status: 'not ready' }, { status: 503 }),
      {
        detail: operation({
          operationId: 'ready',
          summary: 'Traffic is welcome',
          open: true,
          answers: {
            200: answers('Send it.', Status),
            503: answers('Starting, draining, or the database was never read.', Status),
          },
        }),
      },
    )
