import type { UpstreamFault } from '../errors'
import type { Account } from './account'
import type { Member } from './member'
import type { Pool } from './pool'
import { restTime } from './rest'

/** Whom an upstream refused once, and what becomes of them when somebody has asked again. */
export function createSuspects(pool: Pool) {
  return {
    *list(): Iterable<Account> {
      for (const { account, rest } of pool.members()) if (rest?.state === 'suspect') yield account
    },

    /**
     * Settle a suspicion. Who is refused twice takes no turns until an operator says otherwise; who is
     * not rests out its time, and is tried again like after any fault.
     */
    settle({ id }: Account, found: 'alive' | 'unknown' | 'expired' | 'disabled'): void {
      const member = pool.member(id)
      const rest = member?.rest
      if (!member || !rest || found === 'unknown') return
      if (found === 'alive') pool.setRest(member, '', { ...rest, state: 'cooling' })
      else pool.setRest(member, '', { ...rest, state: found, until: Number.POSITIVE_INFINITY })
    },
  }
}

const LONGEST_REASON = 200

/** Whoever is refused outside of turns is asked once more before anything is decided. */
export function suspect(
  pool: Pick<Pool, 'setRest'>,
  member: Member,
  { message, details }: UpstreamFault,
  at: number,
): void {
  const known = member.rest
  if (known && known.until > at) return
  const faults = (known?.faults ?? 0) + 1
  const until = at + restTime(faults)
  const reason = `${details.status}: ${message}`.slice(0, LONGEST_REASON)
  pool.setRest(member, '', { state: 'suspect', reason, until, faults })
}
