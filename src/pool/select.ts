import type { Account, Charge } from './account'
import { chargeOf, covers } from './charge'
import { admits } from './host'
import type { Candidates, Member, Shelf } from './member'
import type { Rest } from './rest'
import { createRing } from './ring'

/** What a turn needs of an account. One value serves the turn for all its attempts. */
export interface Want {
  /** Changes when a route goes on to its next model. */
  candidates: Candidates
  /** The model as the upstream knows it. */
  model: string
  readonly endpoint: string
  /** A hash of the conversation that the turn belongs to. */
  readonly conversation: number | undefined
  /** Tokens that it will take, roughly. */
  readonly tokens: number
  /** Accounts that others stand in for only while none of these is free; undefined for all alike. */
  readonly prefers: ((account: Account) => boolean) | undefined
  /** Accounts that have failed it. */
  readonly tried: Member[]
}

/** Pairs that are drawn before everyone is looked at. */
const DRAWS = 4

/**
 * The best ready account, group by group.
 *
 * A conversation goes where it was before. Else it is the less busy of two drawn at random (the power
 * of two choices), which spreads load almost as well as comparing all, at the same cost for 2 or 50,000.
 */
export function select(want: Want, at: number, random: () => number): Member | undefined {
  const member = find(want, at, random)
  return member || !want.prefers ? member : find({ ...want, prefers: undefined }, at, random)
}

function find(want: Want, at: number, random: () => number): Member | undefined {
  for (const group of want.candidates) {
    const member = familiar(group, want, at) ?? draw(group, want, at, random)
    if (member) return member
  }
  return
}

/** Whether nothing stands between a member that is ready and this turn. */
function fits(member: Member, want: Want, at: number): boolean {
  if (want.tried.length > 0 && want.tried.includes(member)) return false
  if (want.prefers && !want.prefers(member.account)) return false
  if (member.scoped === undefined && member.quotas === undefined) return true
  const charge = chargeOf(member, want.model)
  if (member.quotas && !hasLeft(member, want, charge, at)) return false
  return !member.scoped || !scopesOf(want, charge).some((scope) => isBarred(member, scope, at))
}

/** What a turn may be barred from without its account being so as a whole. */
export const scopesOf = (
  { model, endpoint }: Want,
  charge: Charge | undefined,
): readonly string[] =>
  charge ? [charge.bucket, model, `${model} ${endpoint}`] : [model, `${model} ${endpoint}`]

/** What the turn tries out of what rested; undefined when nothing did. */
export function probe(
  member: Member,
  scoped: ReadonlyMap<string, Rest>,
  want: Want,
): readonly string[] | undefined {
  const scopes = scopesOf(want, chargeOf(member, want.model)).filter((scope) => scoped.has(scope))
  if (scopes.length === 0) return
  member.probing ??= new Set()
  for (const scope of scopes) member.probing.add(scope)
  return scopes
}

/** After a rest a single turn tries the scope out, as it does the whole account. */
export const isBarred = ({ scoped, probing }: Member, scope: string, at: number): boolean =>
  (scoped?.get(scope)?.until ?? 0) > at || probing?.has(scope) === true

/** The smallest share that an account with little left still has in the draw. */
const LEAST_HEADROOM = 0.05

/** Whether an account's quotas are enough for a turn, as far as anyone knows. */
export function hasLeft(
  { quotas }: Pick<Member, 'quotas'>,
  { model, tokens }: Pick<Want, 'model' | 'tokens'>,
  charge: Charge | undefined,
  at: number,
): boolean {
  if (charge) return covers(quotas?.get(charge.bucket), charge, at)
  const requests = quotas?.get(`requests ${model}`)
  if (requests && requests.resetAt > at && requests.remaining < 1) return false
  const left = quotas?.get(`tokens ${model}`)
  // A prompt larger than the whole window would wait for ever: the upstream is to say so.
  return !left || left.resetAt <= at || left.remaining >= Math.min(tokens, left.limit)
}

function headroom(member: Member, model: string, at: number): number {
  const charge = chargeOf(member, model)
  const quota = member.quotas?.get(charge ? charge.bucket : `requests ${model}`)
  if (!quota || quota.resetAt <= at || quota.limit === 0) return 1
  return Math.max(quota.remaining / quota.limit, LEAST_HEADROOM)
}

/** In-flight turns by weight and what is left. */
function load(member: Member, model: string, at: number): number {
  const share = member.account.weight * (member.quotas ? headroom(member, model, at) : 1)
  return (member.inFlight + 1) / share
}

/** An account may run so many times the mean before its conversations go elsewhere, … */
const OVERLOAD = 3
/** … and so many turns in any case. */
const FEW = 8

/** Where the conversation was before, while that account is fit and not swamped. */
function familiar(group: readonly Shelf[], want: Want, at: number): Member | undefined {
  const { conversation } = want
  if (conversation === undefined) return
  let best: Member | undefined
  let nearest = Number.POSITIVE_INFINITY
  for (const shelf of group) {
    if (shelf.members.length < 2 && group.length === 1) return
    if (shelf.ready.length === 0 || !admits(shelf.host, at)) continue
    const most = Math.max(FEW, OVERLOAD * (shelf.inFlight / shelf.members.length + 1))
    shelf.ring ??= createRing(shelf.members.map(({ account: { id, weight } }) => ({ id, weight })))
    const found = shelf.ring.find(conversation, nearest, (index) => {
      const member = shelf.members[index]
      return (
        member !== undefined &&
        member.slot >= 0 &&
        member.inFlight < most * member.account.weight &&
        fits(member, want, at)
      )
    })
    if (!found) continue
    nearest = found.distance
    best = shelf.members[found.index]
  }
  return best
}

function draw(
  group: readonly Shelf[],
  want: Want,
  at: number,
  random: () => number,
): Member | undefined {
  let ready = 0
  for (const shelf of group) if (admits(shelf.host, at)) ready += shelf.ready.length
  if (ready === 0) return
  for (let round = 0; round < DRAWS; round++) {
    const one = nth(group, Math.floor(random() * ready), at)
    const other = nth(group, Math.floor(random() * ready), at)
    const best = lessBusy(one, other, want, at)
    if (best) return best
  }
  const offset = Math.floor(random() * ready)
  for (let step = 0; step < ready; step++) {
    const member = nth(group, (offset + step) % ready, at)
    if (member && fits(member, want, at)) return member
  }
  return
}

/** The nth ready member of a group whose host works. */
function nth(group: readonly Shelf[], index: number, at: number): Member | undefined {
  let rest = index
  for (const shelf of group) {
    if (!admits(shelf.host, at)) continue
    if (rest < shelf.ready.length) return shelf.ready[rest]
    rest -= shelf.ready.length
  }
  return
}

function lessBusy(
  one: Member | undefined,
  other: Member | undefined,
  want: Want,
  at: number,
): Member | undefined {
  const first = one && fits(one, want, at) ? one : undefined
  const second = other && other !== one && fits(other, want, at) ? other : undefined
  if (!first || !second) return first ?? second
  return load(second, want.model, at) < load(first, want.model, at) ? second : first
}
