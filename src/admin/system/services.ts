import type { AdminParts } from '../parts'
import { createJobControl } from './job-control'
import { createSystem } from './service'
import { createUpstreamHealth } from './upstreams'

/** What the page and the API of the system are made from. */
export const createSystemServices = (parts: AdminParts) => ({
  system: createSystem(parts),
  jobControl: createJobControl(parts),
  health: createUpstreamHealth(parts),
})

export type SystemServices = ReturnType<typeof createSystemServices>
