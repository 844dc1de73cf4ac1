import type { Member } from '../../pool/member'
import { type PoolState, stateOf } from '../../pool/states'
import type { StoredAccount } from '../../store/accounts'

/** How the accounts of one kind and tier do. */
export interface PoolHealth {
  readonly kind: string
  readonly tier: string | undefined
  readonly accounts: number
  /** How many are in which state; `off` are those that an operator switched off. */
  readonly states: Readonly<Partial<Record<PoolState | 'off', number>>>
  /** The most frequent reason of a state. */
  readonly reasons: Readonly<Partial<Record<PoolState, string>>>
}

interface Counts {
  readonly kind: string
  readonly tier: string | undefined
  accounts: number
  readonly states: Map<PoolState | 'off', number>
  readonly reasons: Map<PoolState, Map<string, number>>
}

/** So many reasons of one state are told apart: upstreams may put a number into each. */
const MOST_REASONS = 50

/** Counts accounts by kind and tier: those of the pool, and those that are switched off. */
export function poolHealth(
  members: Iterable<Member>,
  stored: readonly Pick<StoredAccount, 'kind' | 'tier' | 'enabled'>[],
  at: number,
): readonly PoolHealth[] {
  // Tens of thousands are looked at while turns wait: nothing is made for each.
  const kinds = new Map<string, Map<string | undefined, Counts>>()
  const groupOf = (kind: string, tier: string | undefined): Counts => {
    const tiers = kinds.get(kind) ?? new Map<string | undefined, Counts>()
    const known = tiers.get(tier)
    if (known) return known
    const made = { kind, tier, accounts: 0, states: new Map(), reasons: new Map() }
    kinds.set(kind, tiers.set(tier, made))
    return made
  }
  for (const member of members) {
    const group = groupOf(member.account.kind, member.account.tier)
    const state = stateOf(member, at)
    count(group, state)
    if (member.rest && member.rest.state === state) note(group, state, member.rest.reason)
  }
  for (const { kind, tier, enabled } of stored)
    if (!enabled) count(groupOf(kind, tier ?? undefined), 'off')
  const groups = [...kinds.values()].flatMap((tiers) => [...tiers.values()])
  return groups.map(({ states, reasons, ...group }) => ({
    ...group,
    states: Object.fromEntries(states),
    reasons: Object.fromEntries([...reasons].map(([state, all]) => [state, mostOf(all)])),
  }))
}

function count(group: Counts, state: PoolState | 'off'): void {
  group.accounts++
  group.states.set(state, (group.states.get(state) ?? 0) + 1)
}

function note({ reasons }: Counts, state: PoolState, reason: string): void {
  const known = reasons.get(state) ?? new Map<string, number>()
  reasons.set(state, known)
  if (known.has(reason) || known.size < MOST_REASONS)
    known.set(reason, (known.get(reason) ?? 0) + 1)
}

function mostOf(counts: ReadonlyMap<string, number>): string {
  let [most, found] = [0, '']
  for (const [reason, count] of counts) if (count > most) [most, found] = [count, reason]
  return found
}
