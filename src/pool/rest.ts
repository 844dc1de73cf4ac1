import type { REST_STATES } from '../store/schema'

export type RestState = (typeof REST_STATES)[number]

/** Something that is held against an account, or against one of its models. */
export interface Rest {
  readonly state: RestState
  /** For people: the upstream's status and words, without secrets. */
  readonly reason: string
  /** In milliseconds since 1970; infinite until somebody says otherwise. */
  readonly until: number
  /** Faults in a row: after the rest a single turn tries it out, unless it is 0. */
  readonly faults: number
  /** It may be its host's fault: forgotten when the host proves to be down. */
  readonly ofHost?: boolean
}

const FIRST_FAULT_MS = 30_000
const LONGEST_FAULT_MS = 600_000

/**
 * How long a rest takes, in milliseconds: as the upstream says, else as long as its reason asks for,
 * else 30 s, doubling with each fault in a row up to 10 min.
 */
export function restTime(faults: number, said?: number, usual?: number): number {
  if (said !== undefined) return said
  return usual ?? Math.min(FIRST_FAULT_MS * 2 ** (faults - 1), LONGEST_FAULT_MS)
}

/** Scopes that are remembered of one account: a client makes up models, but not without end. */
const MOST_SCOPES = 64

/** Keep a rest of one scope; where there are too many, the one that would end first is forgotten. */
export function keepRest(scoped: Map<string, Rest>, scope: string, rest: Rest): void {
  if (!scoped.has(scope) && scoped.size >= MOST_SCOPES) {
    let soonest: string | undefined
    for (const [scope, { until }] of scoped)
      if (soonest === undefined || until < (scoped.get(soonest)?.until ?? 0)) soonest = scope
    if (soonest !== undefined) scoped.delete(soonest)
  }
  scoped.set(scope, rest)
}
