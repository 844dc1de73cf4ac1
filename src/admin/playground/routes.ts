import { Elysia } from 'elysia'
import { jsonAnswer } from '../answers'
import type { AdminParts } from '../parts'
import { PARTS, type Part, playgroundPage } from './page'
import { createRelay, RELAY_PATH } from './relay'

/** The turns among which one is looked for: it ended just now. */
const LATEST = 100

/** A page to try models on, and the way by which it asks them. */
export function playgroundRoutes(parts: AdminParts) {
  const { handlers, catalog, stores } = parts
  const relay = createRelay(parts)
  const relayed = handlers.api(relay)
  const show = (part: Part) =>
    handlers.page((view, request) =>
      playgroundPage(view, part, {
        models: catalog.list().map(({ id }) => id),
        model: new URL(request.url).searchParams.get('model') ?? '',
      }),
    )
  const asIs = { parse: 'none' } as const
  return new Elysia({ prefix: '/admin/playground', detail: { hide: true } })
    .get(PARTS.chat, show('chat'))
    .get(PARTS.image, show('image'))
    .get(PARTS.video, show('video'))
    .get(
      '/turns/:id',
      handlers.api(async (_, __, { id }: { readonly id: string }) => {
        const rows = await stores.ledger.recent(LATEST)
        const own = rows.filter(({ requestId }) => requestId === id)
        const costs = own.flatMap(({ costTicks }) => costTicks ?? [])
        return jsonAnswer({
          found: own.length > 0,
          // Pictures may be made in several calls.
          cost_usd_ticks: costs.length > 0 ? costs.reduce((sum, one) => sum + one, 0) : null,
        })
      }),
    )
    .get(`${RELAY_PATH}/*`, relayed)
    .post(`${RELAY_PATH}/*`, relayed, asIs)
    .delete(`${RELAY_PATH}/*`, relayed, asIs)
}
