import type { Account } from './account'
import type { Pool } from './pool'

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
