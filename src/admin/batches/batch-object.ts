import Type, { type Static } from 'typebox'
import type { Batch } from '../../jobs/batches'
import { BATCH_STATES } from '../../store/admin-schema'

const seconds = (ms: number | null): number | null => (ms === null ? null : Math.floor(ms / 1000))

/** Work on many accounts, as the JSON API shows it. */
export const BatchObject = Type.Object({
  id: Type.String(),
  object: Type.Literal('batch'),
  kind: Type.String({ description: '`test` or `refresh`.' }),
  state: Type.Enum([...BATCH_STATES]),
  wanted: Type.Union([Type.Enum(['pause', 'cancel']), Type.Null()], {
    description: 'What is about to become of it.',
  }),
  total: Type.Integer(),
  done: Type.Integer(),
  good: Type.Integer({ description: 'Of those that are done.' }),
  problems: Type.Array(
    Type.Object({
      id: Type.String(),
      name: Type.String(),
      reason: Type.String(),
      code: Type.Optional(Type.String({ description: 'Stable: decide by this.' })),
    }),
    { description: 'The first two hundred.' },
  ),
  actor: Type.String({ description: 'Who wanted it.' }),
  created_at: Type.Integer(),
  finished_at: Type.Union([Type.Integer(), Type.Null()]),
})

export const batchObject = (batch: Batch): Static<typeof BatchObject> => ({
  id: batch.id,
  object: 'batch',
  kind: batch.kind,
  state: batch.state,
  wanted: batch.wanted,
  total: batch.total,
  done: batch.done,
  good: batch.good,
  problems: batch.problems.map(({ code, ...problem }) => ({
    ...problem,
    ...(code !== undefined && { code }),
  })),
  actor: batch.actor,
  created_at: Math.floor(batch.createdAt / 1000),
  finished_at: seconds(batch.finishedAt),
})
