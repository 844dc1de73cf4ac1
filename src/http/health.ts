import { Elysia } from 'elysia'
import Type, { type Static } from 'typebox'
import { answers, operation } from './operation'

const Status = Type.Object({ status: Type.String() }, { examples: [{ status: 'ok' }] })

const Ready = Type.Object(
  {
    status: Type.Enum(['ready', 'draining', 'starting']),
    database: Type.Optional(
      Type.Enum(['away', 'read-only'], {
        description: 'Left out while it answers. Turns go by what is known of it until it is back.',
      }),
    ),
    snapshot_age_seconds: Type.Optional(
      Type.Integer({ description: 'How long ago the database last said that this is true.' }),
    ),
  },
  { examples: [{ status: 'ready' }] },
)

/** How an instance stands to traffic. */
export type Readiness = Static<typeof Ready>

/** `GET /health`: the process lives. `GET /ready`: send it traffic. */
export const health = (readiness: () => Promise<Readiness>) =>
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
      async () => {
        const ready = await readiness()
        return Response.json(ready, { status: ready.status === 'ready' ? 200 : 503 })
      },
      {
        detail: operation({
          operationId: 'ready',
          summary: 'Traffic is welcome',
          description:
            'Turns are answered without the database, too, once it was read; `database` then says so.',
          open: true,
          answers: {
            200: answers('Send it.', Ready),
            503: answers('Starting, draining, or the database was never read.', Ready),
          },
        }),
      },
    )
