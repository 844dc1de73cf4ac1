import type { Member } from './pool'

interface PoolState {
  readonly kind: string
  readonly state: 'ready' | 'cooling' | 'full'
  readonly count: number
}

/** How many accounts of each kind are in which state. */
export function poolStates(members: Iterable<Member>, at: number): readonly PoolState[] {
  const counts = new Map<string, Record<PoolState['state'], number>>()
  for (const { account, coolingUntil, inFlight } of members) {
    const known = counts.get(account.kind)
    const count = known ?? { ready: 0, cooling: 0, full: 0 }
    if (!known) counts.set(account.kind, count)
    if (coolingUntil > at) count.cooling++
    else if (inFlight >= account.maxInFlight) count.full++
    else count.ready++
  }
  return [...counts].flatMap(([kind, { ready, cooling, full }]): PoolState[] => [
    { kind, state: 'ready', count: ready },
    { kind, state: 'cooling', count: cooling },
    { kind, state: 'full', count: full },
  ])
}
