import { Elysia } from 'elysia'
import type { AdminParts } from '../parts'
import { createRelay, RELAY_PATH } from './relay'

/** A page to try models on, and the way by which it asks them. */
export function playgroundRoutes(parts: AdminParts) {
  const { handlers } = parts
  const relay = createRelay(parts)
  const relayed = handlers.api((_, request) => relay(request))
  const asIs = { parse: 'none' } as const
  return new Elysia({ detail: { hide: true } })
    .get(`${RELAY_PATH}/*`, relayed)
    .post(`${RELAY_PATH}/*`, relayed, asIs)
    .delete(`${RELAY_PATH}/*`, relayed, asIs)
}
