import { Elysia } from 'elysia'
import { hasEnded } from '../../jobs/batches'
import { redirect } from '../answers'
import { eventOf, eventStream } from '../event-stream'
import { readForm } from '../form'
import type { AdminParts } from '../parts'
import type { View } from '../view'
import { BATCH_ACTIONS, createBatchActions } from './actions'
import { batchesPage, batchPage, batchPart, batchPath, progressPart } from './progress-page'

type BatchParts = Pick<AdminParts, 'handlers' | 'guard' | 'batches' | 'audit'>

/** How many a page lists. */
const LISTED = 100

/** `/admin/batches`: work on many accounts, and how far it is. */
export function batchPages(parts: BatchParts) {
  const { handlers, guard, batches } = parts
  const { found, act } = createBatchActions(parts)

  async function* events(view: View, id: string, signal: AbortSignal): AsyncGenerator<string> {
    for await (const batch of batches.watch(id, signal)) {
      yield eventOf(progressPart(view, batch).markup)
      if (hasEnded(batch)) yield eventOf('', 'done')
    }
  }

  return new Elysia({ prefix: '/admin/batches', detail: { hide: true } })
    .get(
      '/',
      handlers.page(async (view) => batchesPage(view, await batches.list(LISTED))),
    )
    .get(
      '/:id',
      handlers.page<{ id: string }>(async (view, _, { id }) => batchPage(view, await found(id))),
    )
    .get(
      '/:id/live',
      handlers.page<{ id: string }>(async (view, _, { id }) => {
        await found(id)
        const abort = new AbortController()
        const isLetIn = () => guard.isLetIn(view.operator)
        return eventStream(events(view, id, abort.signal), { abort, isLetIn })
      }),
    )
    .post(
      '/:id',
      handlers.page<{ id: string }>(async (view, request, { id }) => {
        const wanted = (await readForm(request)).get('action')
        const action = BATCH_ACTIONS.find((one) => one === wanted)
        const { batch } = action ? await act(view.operator, id, action) : { batch: await found(id) }
        return view.isPartial ? batchPart(view, batch) : redirect(batchPath(batch), view)
      }),
      { parse: 'none' },
    )
}
