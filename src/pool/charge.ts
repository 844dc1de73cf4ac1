import type { Charge } from './account'
import type { Lease } from './lease'
import type { Member, Quota } from './member'
import { unheard } from './quota'

// What turns take of a quota that is known beforehand: held when the account is leased, given back when
// its upstream refused the turn or never saw it, and else gone.

/** What a turn of a model takes of this account; undefined where its upstream alone knows. */
export const chargeOf = ({ shelf }: Member, model: string): Charge | undefined =>
  shelf?.offers?.charges.get(model)

/** Whether there is enough left for one more turn, as far as anyone knows. */
export function covers(quota: Quota | undefined, { cost }: Charge, at: number): boolean {
  if (!quota || quota.resetAt <= at) return true
  // Who may never have as much would wait for ever: the upstream is to say so.
  return quota.remaining >= Math.max(1, Math.min(cost, quota.limit))
}

/** Hold what a turn takes. What is held of a quota that nobody has heard of yet counts once it is. */
export function hold(member: Member, { bucket, cost }: Charge): Quota {
  member.quotas ??= new Map()
  const known = member.quotas.get(bucket)
  const quota = known ?? unheard()
  if (!known) member.quotas.set(bucket, quota)
  quota.remaining -= cost
  quota.pending += cost
  return quota
}

/** The upstream has the turn, and counts it from now on. */
export function reach(lease: Lease): void {
  const { held, charge } = lease
  if (lease.reachedAt >= 0) return
  lease.reachedAt = held?.words ?? 0
  if (held && charge) held.pending -= charge.cost
}

/** Give back what a turn holds that its upstream will not count. */
export function refund(lease: Lease): void {
  const { held, charge, reachedAt } = lease
  if (!held || !charge) return
  lease.held = undefined
  if (reachedAt < 0) held.pending -= charge.cost
  // What the upstream has said since the turn reached it does not count a turn that it refused.
  else if (held.words !== reachedAt) return
  held.remaining += charge.cost
}

/** The turn is over: what it holds is gone. */
export function settle(lease: Lease): void {
  reach(lease)
  lease.held = undefined
}
