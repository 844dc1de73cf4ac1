import type { UpstreamModel } from '../store/schema'
import type { Account, Kind, Offers } from './account'
import type { Rest } from './rest'
import type { Ring } from './ring'

/** An account with what happened to it. */
export interface Member {
  account: Account
  /** Where it stands; undefined while it is out of the pool. */
  shelf: Shelf | undefined
  /** Its places among the shelf's members and among those that are ready; -1 for none. */
  place: number
  slot: number
  inFlight: number
  /** Held against it as a whole. */
  rest: Rest | undefined
  /** Held against it for one model, one endpoint of a model, or one quota. */
  scoped: Map<string, Rest> | undefined
  /** Scopes whose rest is over and that a turn is trying out. */
  probing: Set<string> | undefined
  /** What is left of its quotas, by bucket. */
  quotas: Map<string, Quota> | undefined
}

/** What is left of one of an account's quotas in this window. */
export interface Quota {
  limit: number
  remaining: number
  /** When the window ends, in milliseconds since 1970. */
  resetAt: number
  source: 'reported' | 'estimated'
  /** When this was learnt; 0 for never: then only what turns hold is known. */
  at: number
  /** What turns hold of it that their upstream has not counted yet. */
  pending: number
  /** How often an upstream has said something about it. */
  words: number
}

/**
 * Accounts that can stand in for each other: same kind, same host, same models. Whatever a turn asks,
 * it chooses among few shelves, however many accounts there are.
 */
export interface Shelf {
  readonly kind: Kind
  readonly host: Host
  /** Undefined while the accounts' model list is not known. */
  readonly models: readonly UpstreamModel[] | undefined
  /** What turns take of the quotas that all its accounts have, where that is known beforehand. */
  readonly offers: Offers | undefined
  readonly members: Member[]
  /** Those that could take a turn now, in no order. */
  readonly ready: Member[]
  inFlight: number
  /** Made when it is first needed after the members changed. */
  ring: Ring | undefined
}

/** One upstream address, and the state of its circuit breaker. */
export interface Host {
  /** Accounts in the pool that live there. */
  accounts: number
  /** Those that could not be served there since it last gave any answer. */
  readonly failed: Set<Member>
  /** Until when nobody is sent there, in milliseconds since 1970; 0 while it works. */
  openUntil: number
  /** Times it was found down in a row. */
  trips: number
  /** A turn is trying it out. */
  probing: boolean
  /** When it last answered at all, be it that it refused, in milliseconds since 1970; 0 for never yet. */
  answeredAt: number
  /** Since when nobody is sent there; 0 while it works. */
  downSince: number
  /** What last went wrong there, in the words that accounts are blamed with. */
  fault: { readonly at: number; readonly reason: string } | undefined
}

/** Groups of accounts that can serve a turn, the preferred group first. */
export type Candidates = readonly (readonly Shelf[])[]

export const newMember = (account: Account): Member => ({
  account,
  shelf: undefined,
  place: -1,
  slot: -1,
  inFlight: 0,
  rest: undefined,
  scoped: undefined,
  probing: undefined,
  quotas: undefined,
})

export const newShelf = (what: Pick<Shelf, 'kind' | 'host' | 'models' | 'offers'>): Shelf => ({
  ...what,
  members: [],
  ready: [],
  inFlight: 0,
  ring: undefined,
})
