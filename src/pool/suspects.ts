import type { Account } from './account'
import type { Pool } from './pool'

/** Statuses by which an upstream says that it knows the account, and wants none of it. */
const FORBIDDEN = 403

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
    settle({ id }: Account, alive: boolean | 'unknown', status?: number): void {
      const member = pool.member(id)
      const rest = member?.rest
      if (!member || !rest || alive === 'unknown') return
      const refused = status === FORBIDDEN ? 'disabled' : 'expired'
      const until = alive ? rest.until : Number.POSITIVE_INFINITY
      pool.setRest(member, '', { ...rest, state: alive ? 'cooling' : refused, until })
    },
  }
}
