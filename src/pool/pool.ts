import type { Account } from './account'
import { type CoolingReason, coolingTime } from './cooldown'

/** An account with what happened to it since this process started. */
export interface Member {
  account: Account
  inFlight: number
  /** Until when it rests, in milliseconds since 1970; 0 when it does not. */
  coolingUntil: number
  coolingReason: CoolingReason | undefined
  faultsInARow: number
  /** It was taken out of the pool while a turn was running. */
  gone: boolean
}

/** An account taken for one turn, to be given back to the pool exactly once; again does nothing. */
export interface Lease {
  readonly account: Account
  readonly member: Member
  ended: boolean
}

interface PoolParts {
  readonly now: () => number
  /** A number from 0 to 1, not including 1. */
  readonly random: () => number
}

/** Groups of accounts that can serve a turn, the preferred group first. */
export type Candidates = readonly (readonly Member[])[]

/** Keeps count of every account's turns and rests, and hands accounts out. */
export function createPool({ now, random }: PoolParts) {
  const members = new Map<string, Member>()

  /**
   * The less busy of two drawn at random (the power of two choices), which spreads load almost as
   * well as comparing all and costs the same for 2 or 50,000. When neither is free, all are looked at.
   */
  function pick(group: readonly Member[], tried: readonly Member[]): Member | undefined {
    const at = now()
    const one = group[Math.floor(random() * group.length)]
    const other = group[Math.floor(random() * group.length)]
    const best = lessBusy(free(one, tried, at), free(other, tried, at))
    return (
      best ??
      group.reduce<Member | undefined>(
        (least, next) => lessBusy(least, free(next, tried, at)),
        undefined,
      )
    )
  }

  function end(lease: Lease): boolean {
    if (lease.ended) return false
    lease.ended = true
    lease.member.inFlight--
    return true
  }

  return {
    /** Replace the accounts; those that stay keep their counts. */
    setAccounts(accounts: readonly Account[]): void {
      const ids = new Set(accounts.map(({ id }) => id))
      for (const [id, member] of members)
        if (!ids.has(id)) {
          member.gone = true
          members.delete(id)
        }
      for (const account of accounts) {
        const member = members.get(account.id)
        if (member) member.account = account
        else members.set(account.id, newMember(account))
      }
    },

    members: (): IterableIterator<Member> => members.values(),

    /** Take an account that this turn has not tried yet; undefined when none is free. */
    lease(candidates: Candidates, tried: readonly Member[]): Lease | undefined {
      for (const group of candidates) {
        const member = pick(group, tried)
        if (!member) continue
        member.inFlight++
        return { account: member.account, member, ended: false }
      }
      return
    },

    /** The turn went well: whatever the account was blamed for is forgotten. */
    succeed(lease: Lease): void {
      if (!end(lease)) return
      const { member } = lease
      member.faultsInARow = 0
      if (member.coolingUntil <= now()) member.coolingReason = undefined
    },

    /** The account failed: it rests, never shorter than it already would. */
    cool(lease: Lease, reason: CoolingReason, upstreamSaysMs?: number): void {
      if (!end(lease)) return
      const { member } = lease
      // Turns that fail side by side are one fault: they must not double the rest each.
      if (member.coolingUntil <= now()) member.faultsInARow++
      const until = now() + coolingTime(reason, member.faultsInARow, upstreamSaysMs)
      if (until <= member.coolingUntil) return
      member.coolingUntil = until
      member.coolingReason = reason
    },

    /** The turn ended in a way that says nothing about the account. */
    release(lease: Lease): void {
      end(lease)
    },

    /**
     * Milliseconds until the first resting account returns; undefined when none rests, because all
     * are at their limit of turns at once.
     */
    earliestReturn(candidates: Candidates): number | undefined {
      const at = now()
      const rests = candidates.flat().map(({ coolingUntil }) => coolingUntil - at)
      const waits = rests.filter((rest) => rest > 0)
      return waits.length > 0 ? Math.min(...waits) : undefined
    },
  }
}

export type Pool = ReturnType<typeof createPool>

/** The member if it can take a turn now. */
function free(
  member: Member | undefined,
  tried: readonly Member[],
  at: number,
): Member | undefined {
  if (!member || member.gone || member.coolingUntil > at || tried.includes(member)) return
  if (member.inFlight >= member.account.maxInFlight) return
  // After a rest a single turn tries it out; the others follow when that one went well.
  return member.faultsInARow === 0 || member.inFlight === 0 ? member : undefined
}

function lessBusy(one: Member | undefined, other: Member | undefined): Member | undefined {
  if (!one || !other) return one ?? other
  return load(other) < load(one) ? other : one
}

const load = ({ inFlight, account }: Member): number => (inFlight + 1) / account.weight

const newMember = (account: Account): Member => ({
  account,
  inFlight: 0,
  coolingUntil: 0,
  coolingReason: undefined,
  faultsInARow: 0,
  gone: false,
})
