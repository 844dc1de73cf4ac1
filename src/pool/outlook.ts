import { chargeOf, covers } from './charge'
import type { Candidates, Member } from './member'
import { scopesOf, type Want } from './select'

/** What a turn that nobody can take now may wait for. */
export interface Outlook {
  /** Somebody is only busy. */
  readonly busy: boolean
  /** Milliseconds until the first returns from its rest; undefined when nobody rests for a time. */
  readonly returnMs: number | undefined
}

/** Look at everyone who could serve the turn: only done when nobody can. */
export function findOut(want: Want, at: number): Outlook {
  let busy = false
  let soonest = Number.POSITIVE_INFINITY
  for (const member of everyone(want.candidates)) {
    const until = unfitUntil(member, want, at)
    if (until > at) soonest = Math.min(soonest, until)
    else if (member.inFlight > 0 && !want.tried.includes(member)) busy = true
  }
  return { busy, returnMs: soonest === Number.POSITIVE_INFINITY ? undefined : soonest - at }
}

function* everyone(candidates: Candidates): Iterable<Member> {
  for (const group of candidates) for (const shelf of group) yield* shelf.members
}

/** The latest of all that keeps a member from this turn. */
function unfitUntil(member: Member, want: Want, at: number): number {
  const { rest, scoped, quotas, shelf } = member
  const { model, tokens } = want
  const charge = chargeOf(member, model)
  let until = Math.max(rest?.until ?? 0, shelf?.host.openUntil ?? 0)
  if (scoped)
    for (const scope of scopesOf(want, charge))
      until = Math.max(until, scoped.get(scope)?.until ?? 0)
  if (charge) {
    const quota = quotas?.get(charge.bucket)
    return quota && !covers(quota, charge, at) ? Math.max(until, quota.resetAt) : until
  }
  const requests = quotas?.get(`requests ${model}`)
  if (requests && requests.remaining < 1) until = Math.max(until, requests.resetAt)
  const left = quotas?.get(`tokens ${model}`)
  if (left && left.resetAt > at && left.remaining < Math.min(tokens, left.limit))
    until = Math.max(until, left.resetAt)
  return until
}
