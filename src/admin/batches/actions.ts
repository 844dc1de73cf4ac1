import { ApiError } from '../../errors'
import type { Batch } from '../../jobs/batches'
import type { Operator } from '../operator'
import type { AdminParts } from '../parts'

/** What may be done to work that goes on. */
export const BATCH_ACTIONS = ['pause', 'resume', 'cancel'] as const
export type BatchAction = (typeof BATCH_ACTIONS)[number]

/** What operators do to work on many accounts. */
export function createBatchActions({ batches, audit }: Pick<AdminParts, 'batches' | 'audit'>) {
  /** @throws ApiError `not_found` */
  async function found(id: string): Promise<Batch> {
    const batch = await batches.find(id)
    if (batch) return batch
    throw new ApiError('not_found', 'There is no such work: what has ended is forgotten in time.')
  }

  return {
    found,

    /** How it stands afterwards, and whether that changed anything. */
    async act(
      operator: Operator,
      id: string,
      action: BatchAction,
    ): Promise<{ readonly batch: Batch; readonly isDone: boolean }> {
      const { kind, total } = await found(id)
      const isDone = await batches[action](id)
      if (isDone)
        await audit(operator, {
          action: `batch.${action}`,
          subject: `${kind} of ${total} ${total === 1 ? 'account' : 'accounts'}`,
          after: { batch: id },
        })
      return { batch: await found(id), isDone }
    },
  }
}
