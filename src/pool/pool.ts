import type { AccountQuota } from '../store/account-quotas'
import type { Account } from './account'
import { chargeOf, hold, reach, refund, settle } from './charge'
import { admits, type HostSign, hostAnswered, hostFailed } from './host'
import type { Lease } from './lease'
import { type Candidates, type Member, newMember } from './member'
import { findOut, type Outlook } from './outlook'
import { giveBack, type Report, report, reserve } from './quota'
import { keepRest, type Rest, type RestState, restTime } from './rest'
import { createReturns } from './returns'
import { probe, select, type Want } from './select'
import { look, shelve } from './shelving'

/** What is to be held against an account. */
export interface Blame {
  readonly state: RestState
  readonly reason: string
  /** Empty for the account as a whole, else a model, a model and an endpoint, or a quota. */
  readonly scope: string
  /** How long, as the upstream says; in milliseconds. */
  readonly saidMs?: number | undefined
  /** How long when it says nothing; else by the faults in a row. */
  readonly usualMs?: number | undefined
  /** The host may be to blame instead; `certain` when no connection came about. */
  readonly host?: HostSign | undefined
}

interface PoolParts {
  readonly now: () => number
  /** A number from 0 to 1, not including 1. */
  readonly random: () => number
  /** What is held against an account has changed; it is to be stored. */
  readonly onRest?: (member: Member, scope: string, rest: Rest | undefined) => void
  /** An upstream said what is left of a quota; it is to be stored. */
  readonly onQuota?: (member: Member) => void
  /** A turn that takes of a known quota began, is over and has taken of it, or was one too many. */
  readonly onCharge?: (lease: Lease, what: 'taken' | 'over' | 'limited') => void
  /** Something became free that turns may wait for. */
  readonly onFree?: () => void
}

const OWN_LIMIT = 'its limit of requests a minute'

/** Keeps count of every account's turns, rests and quotas, and hands accounts out. */
export function createPool({
  now,
  random,
  onRest = () => {},
  onQuota = () => {},
  onCharge = () => {},
  onFree = () => {},
}: PoolParts) {
  const members = new Map<string, Member>()
  const returns = createReturns<Member>()

  /** Bring back those whose rest is over. */
  function wake(at: number) {
    for (let member = returns.take(at); member; member = returns.take(at)) look(member, at)
  }

  function end(lease: Lease, at: number): void {
    if (lease.ended) return
    lease.ended = true
    const { member } = lease
    if (lease.probed) lease.probed.probing = false
    for (const scope of lease.scopes ?? []) member.probing?.delete(scope)
    member.inFlight--
    const isCharged = lease.held !== undefined
    settle(lease)
    const { shelf } = member
    if (shelf) {
      shelf.inFlight--
      if (member.slot < 0) look(member, at)
      onFree()
    }
    if (isCharged) onCharge(lease, 'over')
  }

  /** @param rest undefined when nothing is held against it any more */
  function setRest(member: Member, scope: string, rest: Rest | undefined, at: number) {
    if (scope === '') {
      member.rest = rest
      look(member, at)
      if (rest && rest.until !== Number.POSITIVE_INFINITY) returns.add(rest.until, member)
      return
    }
    if (rest) {
      member.scoped ??= new Map()
      keepRest(member.scoped, scope, rest)
      return
    }
    member.scoped?.delete(scope)
    if (member.scoped?.size === 0) member.scoped = undefined
  }

  function change(member: Member, scope: string, rest: Rest | undefined, at: number) {
    setRest(member, scope, rest, at)
    onRest(member, scope, rest)
  }

  /** Nothing is left of the operator's own limit until then, which is nobody's fault. */
  function pause(member: Member, until: number, at: number) {
    if (member.rest && member.rest.until >= until) return look(member, at)
    const faults = member.rest?.faults ?? 0
    setRest(member, '', { state: 'exhausted', reason: OWN_LIMIT, until, faults }, at)
  }

  const restOf = (member: Member, scope: string): Rest | undefined =>
    scope === '' ? member.rest : member.scoped?.get(scope)

  return {
    /**
     * Replace the accounts; those that stay keep what is known of them. New ones stand nowhere until
     * they are put on a shelf.
     */
    setAccounts(accounts: readonly Account[]): void {
      const at = now()
      const ids = new Set(accounts.map(({ id }) => id))
      for (const [id, member] of members)
        if (!ids.has(id)) {
          shelve(member, undefined, at)
          members.delete(id)
        }
      for (const account of accounts) {
        const member = members.get(account.id)
        if (!member) {
          members.set(account.id, newMember(account))
          continue
        }
        if (member.shelf && member.account.weight !== account.weight) member.shelf.ring = undefined
        member.account = account
        look(member, at)
      }
    },

    members: (): IterableIterator<Member> => members.values(),
    size: (): number => members.size,
    member: (id: string): Member | undefined => members.get(id),

    /** Take an account that this turn has not tried yet; undefined when none is free. */
    lease(want: Want): Lease | undefined {
      const at = now()
      wake(at)
      const member = select(want, at, random)
      if (!member) return
      member.inFlight++
      const { shelf, account } = member
      const probed = shelf && shelf.host.openUntil > 0 ? shelf.host : undefined
      if (shelf) shelf.inFlight++
      if (probed) probed.probing = true
      const scopes = member.scoped && probe(member, member.scoped, want)
      const charge = chargeOf(member, want.model)
      const reserved = reserve(member, want, charge, at)
      const held = charge && hold(member, charge)
      const minute = reserved?.minute
      if (minute && minute.remaining <= 0) pause(member, minute.resetAt, at)
      else if (member.inFlight >= account.maxInFlight || member.rest) look(member, at)
      const lease: Lease = {
        account,
        member,
        model: want.model,
        reserved,
        charge,
        held,
        reachedAt: -1,
        scopes,
        probed,
        ended: false,
      }
      if (charge) onCharge(lease, 'taken')
      return lease
    },

    /** The upstream has the turn, and counts it. */
    reached: reach,

    /** The turn went well: whatever the account was blamed for is forgotten. */
    succeed(lease: Lease): void {
      const at = now()
      const { member } = lease
      // A turn that began before the fault says nothing about the time after it.
      if (member.rest && member.rest.until <= at)
        (member.rest.faults > 0 ? change : setRest)(member, '', undefined, at)
      for (const scope of lease.scopes ?? [])
        if ((restOf(member, scope)?.until ?? 0) <= at) change(member, scope, undefined, at)
      if (member.shelf) hostAnswered(member.shelf.host, at)
      end(lease, at)
    },

    /** Whatever the upstream said, it shows that its host is there. */
    answered({ member }: Pick<Lease, 'member'>): void {
      if (member.shelf) hostAnswered(member.shelf.host, now())
    },

    /** The account, or its host, failed: it rests, never shorter than it already would. */
    blame(lease: Lease, { scope, state, reason, host, ...time }: Blame): void {
      const at = now()
      const { member } = lease
      const where = lease.ended ? undefined : member.shelf?.host
      if (host && where && hostFailed(where, member, { at, sign: host, reason })) {
        for (const other of where.failed) if (other.rest?.ofHost) change(other, '', undefined, at)
        end(lease, at)
        return
      }
      const known = restOf(member, scope)
      // Turns that fail side by side are one fault: they must not double the rest each.
      const isNew = !known || known.until <= at || known.faults === 0
      const faults = (known?.faults ?? 0) + (isNew ? 1 : 0)
      const until = at + restTime(faults, time.saidMs, time.usualMs)
      if (until > (known?.until ?? 0))
        change(member, scope, { state, reason, until, faults, ofHost: host !== undefined }, at)
      if (scope !== '' && scope === lease.charge?.bucket) onCharge(lease, 'limited')
      end(lease, at)
    },

    /** The turn ended in a way that says nothing about the account. */
    release(lease: Lease): void {
      end(lease, now())
    },

    /** The turn never reached its upstream: it took nothing of the account's quotas. */
    giveBack(lease: Lease): void {
      if (lease.ended) return
      const { member } = lease
      const minute = lease.reserved?.minute
      refund(lease)
      giveBack(lease)
      if (minute && minute.remaining > 0 && member.rest?.reason === OWN_LIMIT)
        setRest(member, '', undefined, now())
    },

    /** The upstream refused the turn: what it was to be charged for is given back. */
    refund,

    /** Believe what the upstream says is left of a quota. */
    report({ member }: Pick<Lease, 'member'>, said: Report): void {
      report(member, said, now())
      onQuota(member)
    },

    /** Hold something against an account, or nothing any more, whoever found out. */
    setRest(member: Member, scope: string, rest: Rest | undefined): void {
      change(member, scope, rest, now())
    },

    /**
     * Take over what another instance, or an earlier life of this one, found out: a rest that is longer
     * than what is known, or that nothing is held against the account any more.
     *
     * @param scope undefined for all
     */
    recall(accountId: string, scope: string | undefined, rest: Rest | undefined): void {
      const at = now()
      const member = members.get(accountId)
      if (!member) return
      if (scope === undefined) {
        setRest(member, '', undefined, at)
        member.scoped = undefined
        return
      }
      const known = restOf(member, scope)
      // A suspicion that another has settled is the same rest by another name.
      const isSettled = known?.state === 'suspect' && known.until === rest?.until
      if (!rest || isSettled || rest.until > (known?.until ?? 0)) setRest(member, scope, rest, at)
    },

    /** Take over what was heard of quotas before, or by another instance, where that is newer. */
    recallQuotas(found: Iterable<AccountQuota>): void {
      for (const said of found) {
        const member = members.get(said.accountId)
        const known = member?.quotas?.get(said.bucket)
        if (member && said.updatedAt > (known?.at ?? 0)) report(member, said, said.updatedAt)
      }
    },

    /** Whether waiting helps, when nobody can be leased now. */
    outlook(want: Want): Outlook {
      return findOut(want, now())
    },

    /** Whether the hosts of all candidates are down. */
    isDown(candidates: Candidates): boolean {
      const at = now()
      const shelves = candidates.flat().filter(({ members }) => members.length > 0)
      return shelves.length > 0 && shelves.every(({ host }) => !admits(host, at))
    },
  }
}

export type Pool = ReturnType<typeof createPool>
