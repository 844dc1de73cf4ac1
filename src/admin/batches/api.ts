import { Elysia } from 'elysia'
import Type from 'typebox'
import { Convert } from 'typebox/value'
import { ApiError } from '../../errors'
import { answers, failure, pathParameter } from '../../http/operation'
import { type Batch, hasEnded } from '../../jobs/batches'
import { eventOf, eventStream } from '../event-stream'
import { checked } from '../form'
import { adminOperation } from '../operation'
import type { AdminParts } from '../parts'
import { type BatchAction, createBatchActions } from './actions'
import { BatchObject, batchObject } from './batch-object'

const ListQuery = Type.Object(
  {
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, default: 50 })),
    after: Type.Optional(Type.String({ maxLength: 100 })),
  },
  { additionalProperties: false },
)

const ListObject = Type.Object({
  object: Type.Literal('list'),
  data: Type.Array(BatchObject),
  has_more: Type.Boolean(),
  next: Type.Union([Type.String(), Type.Null()], {
    description: 'Give it as `after` for what follows.',
  }),
})

const id = pathParameter('id', '5f0c6f6de6d94a63b9f2f0a1c7b3a1d2')
const EVENTS = {
  description: 'Events.',
  content: { 'text/event-stream': { schema: BatchObject } },
}
const wrong = failure('A parameter is wrong.', 'invalid_value', '"limit" must be <= 200.')
const unknown = failure('There is no such batch.', 'not_found', 'There is no such work.')

const SUMMARIES: Readonly<Record<BatchAction, string>> = {
  pause: 'Stop a batch for a while',
  resume: 'Go on with a batch that was paused or has failed',
  cancel: 'End a batch: what is done stays done',
}

const REFUSED: Readonly<Record<BatchAction, string>> = {
  pause: 'It neither waits nor runs.',
  resume: 'It is not paused.',
  cancel: 'It has ended already.',
}

/** `/admin/api/batches…`: work on many accounts, and how far it is. */
export function batchesApi(parts: Pick<AdminParts, 'handlers' | 'guard' | 'batches' | 'audit'>) {
  const { handlers, guard, batches } = parts
  const { found, act } = createBatchActions(parts)

  async function listed(params: URLSearchParams) {
    const query = checked(ListQuery, Convert(ListQuery, Object.fromEntries(params)))
    const { limit = 50, after } = query
    const behind = after === undefined ? undefined : await found(after)
    const some = await batches.list(limit + 1, behind)
    const data = some.slice(0, limit)
    const more = some.length > limit
    return {
      object: 'list',
      data: data.map(batchObject),
      has_more: more,
      next: more ? (data.at(-1)?.id ?? null) : null,
    }
  }

  async function* events(first: Batch, signal: AbortSignal): AsyncGenerator<string> {
    let name = 'snapshot'
    for await (const batch of batches.watch(first.id, signal)) {
      const data = JSON.stringify(batchObject(batch))
      if (name === 'snapshot' || !hasEnded(batch)) yield eventOf(data, name)
      name = 'progress'
      if (hasEnded(batch)) yield eventOf(data, 'done')
    }
  }

  const action = (name: BatchAction) =>
    handlers.api<{ id: string }>(async (operator, _, params) => {
      const { batch, isDone } = await act(operator, params.id, name)
      if (isDone) return batchObject(batch)
      throw new ApiError('invalid_value', `${REFUSED[name]} Its state is "${batch.state}".`)
    })

  return new Elysia({ prefix: '/admin/api/batches', tags: ['Admin: batches'] })
    .get(
      '',
      handlers.api((_, request) => listed(new URL(request.url).searchParams)),
      {
        detail: adminOperation({
          operationId: 'listBatches',
          summary: 'List batches, the newest first',
          parameters: Object.entries(ListQuery.properties).map(([name, schema]) => ({
            ...{ name, in: 'query' as const, schema },
          })),
          answers: { 200: answers('Batches.', ListObject), 400: wrong },
        }),
      },
    )
    .get(
      '/:id',
      handlers.api<{ id: string }>(async (_, __, params) => batchObject(await found(params.id))),
      {
        detail: adminOperation({
          operationId: 'getBatch',
          summary: 'Read how far a batch is',
          parameters: [id],
          answers: { 200: answers('The batch.', BatchObject), 404: unknown },
        }),
      },
    )
    .get(
      '/:id/events',
      handlers.api<{ id: string }>(async (operator, _, params) => {
        const batch = await found(params.id)
        const abort = new AbortController()
        const isLetIn = () => guard.isLetIn(operator)
        return eventStream(events(batch, abort.signal), { abort, isLetIn })
      }),
      {
        detail: adminOperation({
          operationId: 'watchBatch',
          summary: 'See a batch go on, as server-sent events',
          description:
            '`snapshot` at once, `progress` as it goes on, `done` at its end; each holds the batch.',
          parameters: [id],
          answers: { 200: EVENTS, 404: unknown },
        }),
      },
    )
    .post('/:id/pause', action('pause'), describedAction('pause'))
    .post('/:id/resume', action('resume'), describedAction('resume'))
    .post('/:id/cancel', action('cancel'), describedAction('cancel'))
}

const describedAction = (name: BatchAction) => ({
  parse: 'none' as const,
  detail: adminOperation({
    operationId: `${name}Batch`,
    summary: SUMMARIES[name],
    parameters: [id],
    answers: {
      200: answers('How it stands.', BatchObject),
      400: failure('It is not in such a state.', 'invalid_value', REFUSED[name]),
      404: unknown,
    },
  }),
})
