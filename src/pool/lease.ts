import type { Account, Charge } from './account'
import type { Host, Member, Quota } from './member'

/** An account taken for one turn, to be given back to the pool exactly once; again does nothing. */
export interface Lease {
  readonly account: Account
  readonly member: Member
  /** The model as the upstream knows it. */
  readonly model: string
  reserved: Reservation | undefined
  /** What the turn takes of a quota that is known beforehand. */
  readonly charge: Charge | undefined
  /** Where the charge is held, until the turn is over or it was given back. */
  held: Quota | undefined
  /** How often the upstream had spoken of that quota when the turn reached it; -1 before. */
  reachedAt: number
  /** Scopes of the account that this turn tries out after their rests. */
  readonly scopes: readonly string[] | undefined
  /** The host that this turn tries out. */
  readonly probed: Host | undefined
  ended: boolean
}

/** What a turn holds of its account's quotas until it ends. */
export interface Reservation {
  readonly requests: Quota | undefined
  readonly tokens: Quota | undefined
  readonly minute: Quota | undefined
  readonly demand: number
  /** When it was taken: what the upstream reports later counts it already. */
  readonly at: number
}
