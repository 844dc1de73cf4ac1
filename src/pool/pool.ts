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

/** An account taken for one turn. Exactly one of its three ends counts; later ones do nothing. */
export interface Lease {
  readonly account: Account
  /** The turn went well: whatever the account was blamed for is forgotten. */
  succeed(): void
  /** The account failed: it rests, never shorter than it already would. */
  cool(reason: CoolingReason, upstreamSaysMs?: number): void
  /** The turn ended in a way that says nothing about the account. */
  release(): void
}

interface PoolParts {
  readonly now: () => number
  /** A number from 0 to 1, not including 1. */
  readonly random: () => number
}

/** Keeps count of every account's turns and rests, and hands accounts out. */
export function createPool({ now, random }: PoolParts) {
  const members = new Map<string, Member>()

  const isFree = (member: Member, at: number): boolean => {
    if (member.gone || member.inFlight >= member.account.maxInFlight) return false
    if (member.coolingUntil > at) return false
    // After a rest a single turn tries it out; the others follow when that one went well.
    return member.faultsInARow === 0 || member.inFlight === 0
  }

  const load = ({ inFlight, account }: Member): number => (inFlight + 1) / account.weight

  function pick(candidates: readonly Member[]): Member | undefined {
    const at = now()
    const { length } = candidates
    const one = candidates[Math.floor(random() * length)]
    const other = candidates[Math.floor(random() * length)]
    const free = [one, other].filter((member): member is Member => !!member && isFree(member, at))
    if (free.length > 0) return free.reduce((best, next) => (load(next) < load(best) ? next : best))
    return candidates
      .filter((member) => isFree(member, at))
      .reduce<Member | undefined>(
        (best, next) => (best && load(best) <= load(next) ? best : next),
        undefined,
      )
  }

  function take(member: Member): Lease {
    member.inFlight++
    let ended = false
    const end = (then?: () => void) => {
      if (ended) return
      ended = true
      member.inFlight--
      then?.()
    }
    return {
      account: member.account,
      succeed: () =>
        end(() => {
          member.faultsInARow = 0
          if (member.coolingUntil <= now()) member.coolingReason = undefined
        }),
      cool: (reason, upstreamSaysMs) =>
        end(() => {
          // Turns that fail side by side are one fault: they must not double the rest each.
          if (member.coolingUntil <= now()) member.faultsInARow++
          const until = now() + coolingTime(reason, member.faultsInARow, upstreamSaysMs)
          if (until <= member.coolingUntil) return
          member.coolingUntil = until
          member.coolingReason = reason
        }),
      release: () => end(),
    }
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

    /**
     * Take an account for a turn: the less busy of two drawn at random (the power of two choices),
     * which spreads load almost as well as comparing all and costs the same for 2 or 50,000.
     *
     * @param candidates groups of accounts that can serve the turn, the preferred group first
     * @param tried ids of accounts that this turn has already asked
     */
    lease(candidates: readonly (readonly Member[])[], tried: ReadonlySet<string>): Lease | undefined {
      for (const group of candidates) {
        const left =
          tried.size === 0 ? group : group.filter(({ account }) => !tried.has(account.id))
        const member = pick(left)
        if (member) return take(member)
      }
      return
    },

    /**
     * Milliseconds until the first resting account returns; undefined when none rests, because all
     * are at their limit of turns at once.
     */
    earliestReturn(candidates: readonly (readonly Member[])[]): number | undefined {
      const at = now()
      const rests = candidates.flat().map(({ coolingUntil }) => coolingUntil - at)
      const waits = rests.filter((rest) => rest > 0)
      return waits.length > 0 ? Math.min(...waits) : undefined
    },
  }
}

const newMember = (account: Account): Member => ({
  account,
  inFlight: 0,
  coolingUntil: 0,
  coolingReason: undefined,
  faultsInARow: 0,
  gone: false,
})

export type Pool = ReturnType<typeof createPool>
