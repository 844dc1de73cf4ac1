import type { Member, Quota } from '../../pool/member'
import type { Pool } from '../../pool/pool'
import type { Rest, RestState } from '../../pool/rest'
import { type PoolState, stateOf } from '../../pool/states'
import type { AccountQuota } from '../../store/account-quotas'
import type { AccountState } from '../../store/account-states'

/** Something that is held against an account now. */
export interface ShownRest {
  /** Empty for the whole account, else a model, a model and an endpoint, or a quota. */
  readonly scope: string
  readonly state: RestState
  readonly reason: string
  /** Milliseconds since 1970; null until an operator or a test says otherwise. */
  readonly until: number | null
}

/** What is left of a quota whose window is not over. */
export interface ShownQuota {
  readonly bucket: string
  readonly limit: number
  readonly remaining: number
  readonly resetAt: number
  readonly source: 'reported' | 'estimated'
  /** When this was learnt. */
  readonly at: number
}

/** How an account does: as this instance's pool sees it, over what the database says. */
export interface AccountStanding {
  /** `off`: switched off by an operator; `absent`: not in the pool of this instance. */
  readonly condition: PoolState | 'off' | 'absent'
  /** That of the whole account first. */
  readonly rests: readonly ShownRest[]
  readonly quotas: readonly ShownQuota[]
  /** Turns under way on this instance. */
  readonly inFlight: number
}

interface Known {
  readonly id: string
  readonly enabled: boolean
  readonly states?: readonly AccountState[]
  readonly quotas?: readonly AccountQuota[]
}

/** Finds out how an account does. */
export function standingOf(
  pool: Pool,
  { id, enabled, states = [], quotas = [] }: Known,
  at: number,
): AccountStanding {
  const member = pool.member(id)
  const rests = restsOf(member, states, at)
  const whole = rests.find(({ scope }) => scope === '')
  return {
    condition: conditionOf(member, enabled, whole, at),
    rests,
    quotas: quotasOf(member, quotas, at),
    inFlight: member?.inFlight ?? 0,
  }
}

function conditionOf(
  member: Member | undefined,
  enabled: boolean,
  whole: ShownRest | undefined,
  at: number,
): AccountStanding['condition'] {
  if (!enabled) return 'off'
  if (whole) return whole.state
  return member ? stateOf(member, at) : 'absent'
}

/** Another instance may know of a rest that this one has not heard of yet, and the other way round. */
function restsOf(
  member: Member | undefined,
  states: readonly AccountState[],
  at: number,
): readonly ShownRest[] {
  const found = new Map<string, ShownRest>()
  const note = (rest: ShownRest) => {
    const known = found.get(rest.scope)
    if (endOf(rest) > at && endOf(rest) >= (known ? endOf(known) : 0)) found.set(rest.scope, rest)
  }
  for (const { scope, state, reason, until, faults } of states)
    if (faults > 0) note({ scope, state, reason, until })
  if (member?.rest) note(shownRest('', member.rest))
  for (const [scope, rest] of member?.scoped ?? []) note(shownRest(scope, rest))
  return [...found.values()].sort((a, b) => (a.scope < b.scope ? -1 : 1))
}

const endOf = ({ until }: ShownRest): number => until ?? Number.POSITIVE_INFINITY

const shownRest = (scope: string, { state, reason, until }: Rest): ShownRest => ({
  scope,
  state,
  reason,
  until: until === Number.POSITIVE_INFINITY ? null : until,
})

function quotasOf(
  member: Member | undefined,
  quotas: readonly AccountQuota[],
  now: number,
): readonly ShownQuota[] {
  const found = new Map<string, ShownQuota>()
  for (const { bucket, limit, remaining, resetAt, source, updatedAt: at } of quotas)
    found.set(bucket, { bucket, limit, remaining, resetAt, source, at })
  for (const [bucket, quota] of member?.quotas ?? [])
    if (isNewer(quota, found.get(bucket))) found.set(bucket, shownQuota(bucket, quota))
  return [...found.values()]
    .filter(({ resetAt, limit }) => resetAt > now && limit > 0)
    .sort((a, b) => (a.bucket < b.bucket ? -1 : 1))
}

/** The pool counts what is under way, too. */
const isNewer = (quota: Quota, stored: ShownQuota | undefined): boolean =>
  quota.at > 0 && quota.at >= (stored?.at ?? 0)

const shownQuota = (bucket: string, quota: Quota): ShownQuota => ({
  ...{ bucket, limit: quota.limit, remaining: Math.max(quota.remaining, 0) },
  ...{ resetAt: quota.resetAt, source: quota.source, at: quota.at },
})
