import type { Charge } from './account'
import { covers } from './charge'
import type { Member } from './member'
import { scopesOf, type Want } from './select'

/** What a turn that nobody can take now may wait for. */
export interface Outlook {
  /** Somebody is only busy. */
  readonly busy: boolean
  /** Milliseconds until the first returns from its rest; undefined when nobody rests for a time. */
  readonly returnMs: number | undefined
}

/** What is asked of all members of a shelf. */
interface Search {
  readonly want: Want
  readonly charge: Charge | undefined
  readonly scopes: readonly string[]
  readonly at: number
}

/** Look at everyone who could serve the turn: only done when nobody can. */
export function findOut(want: Want, at: number): Outlook {
  let busy = false
  let soonest = Number.POSITIVE_INFINITY
  for (const group of want.candidates)
    for (const { members, host, offers } of group) {
      const charge = offers?.charges.get(want.model)
      const search = { want, charge, scopes: scopesOf(want, charge), at }
      for (const member of members) {
        const until = Math.max(host.openUntil, unfitUntil(member, search))
        if (until > at) soonest = Math.min(soonest, until)
        else if (member.inFlight > 0 && !want.tried.includes(member)) busy = true
      }
    }
  return { busy, returnMs: soonest === Number.POSITIVE_INFINITY ? undefined : soonest - at }
}

/** The latest of all that keeps a member from this turn. */
function unfitUntil({ rest, scoped, quotas }: Member, search: Search): number {
  let until = rest ? rest.until : 0
  if (scoped)
    for (const scope of search.scopes) until = Math.max(until, scoped.get(scope)?.until ?? 0)
  return quotas ? Math.max(until, spentUntil(quotas, search)) : until
}

function spentUntil(
  quotas: NonNullable<Member['quotas']>,
  { want: { model, tokens }, charge, at }: Search,
): number {
  if (charge) {
    const quota = quotas.get(charge.bucket)
    return quota && !covers(quota, charge, at) ? quota.resetAt : 0
  }
  let until = 0
  const requests = quotas.get(`requests ${model}`)
  if (requests && requests.remaining < 1) until = requests.resetAt
  const left = quotas.get(`tokens ${model}`)
  if (left && left.resetAt > at && left.remaining < Math.min(tokens, left.limit))
    until = Math.max(until, left.resetAt)
  return until
}
