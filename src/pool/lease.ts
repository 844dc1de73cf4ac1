import type { Account } from './account'
import type { Host, Member, Quota } from './member'

/** An account taken for one turn, to be given back to the pool exactly once; again does nothing. */
export interface Lease {
  readonly account: Account
  readonly member: Member
  /** The model as the upstream knows it. */
  readonly model: string
  readonly reserved: Reservation | undefined
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
