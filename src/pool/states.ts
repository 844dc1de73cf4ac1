import { admits } from './host'
import type { Member } from './member'
import type { RestState } from './rest'

/** What keeps an account from taking turns, if anything does. */
export type PoolState = RestState | 'ready' | 'full' | 'down'

interface StateCount {
  readonly kind: string
  readonly state: PoolState
  readonly count: number
}

const STATES: readonly PoolState[] = [
  'ready',
  'full',
  'down',
  'cooling',
  'exhausted',
  'suspect',
  'expired',
  'disabled',
]

/** How many accounts of each kind are in which state. */
export function poolStates(members: Iterable<Member>, at: number): readonly StateCount[] {
  const counts = new Map<string, Map<PoolState, number>>()
  for (const member of members) {
    const { kind } = member.account
    const count = counts.get(kind) ?? new Map<PoolState, number>()
    counts.set(kind, count)
    const state = stateOf(member, at)
    count.set(state, (count.get(state) ?? 0) + 1)
  }
  return [...counts].flatMap(([kind, count]) =>
    STATES.map((state) => ({ kind, state, count: count.get(state) ?? 0 })),
  )
}

/** What keeps one account from taking turns now. */
export function stateOf({ rest, inFlight, account, shelf }: Member, at: number): PoolState {
  if (rest && rest.until > at) return rest.state
  if (shelf && !admits(shelf.host, at)) return 'down'
  return inFlight >= account.maxInFlight ? 'full' : 'ready'
}
