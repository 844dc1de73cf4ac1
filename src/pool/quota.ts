import type { Charge } from './account'
import type { Lease, Reservation } from './lease'
import type { Member, Quota } from './member'
import type { Want } from './select'

const MINUTE_MS = 60_000

/** The operator's own limit of turns a minute. */
const OWN_MINUTE = 'own requests'

/** A quota of which no upstream has said anything. */
export const unheard = (): Quota => ({
  limit: 0,
  remaining: 0,
  resetAt: 0,
  source: 'estimated',
  at: 0,
  pending: 0,
  words: 0,
})

/** Take a turn's part of the quotas that are known; undefined when none is. */
export function reserve(
  member: Member,
  { model, tokens }: Want,
  charge: Charge | undefined,
  at: number,
): Reservation | undefined {
  const { requestsPerMinute } = member.account
  // What is charged beforehand is not counted by the upstream's headers, too.
  if ((charge || !member.quotas) && requestsPerMinute === null) return
  const requests = open(member, `requests ${model}`, at)
  const left = open(member, `tokens ${model}`, at)
  const minute = requestsPerMinute === null ? undefined : ownMinute(member, requestsPerMinute, at)
  if (requests) requests.remaining--
  if (left) left.remaining -= tokens
  if (minute) minute.remaining--
  return { requests, tokens: left, minute, demand: tokens, at }
}

/** A quota whose window is not over. */
function open({ quotas }: Member, bucket: string, at: number): Quota | undefined {
  const quota = quotas?.get(bucket)
  return quota && quota.resetAt > at ? quota : undefined
}

function ownMinute(member: Member, limit: number, at: number): Quota {
  member.quotas ??= new Map()
  const known = member.quotas.get(OWN_MINUTE)
  if (known && known.resetAt > at && known.limit === limit) return known
  const resetAt = (Math.floor(at / MINUTE_MS) + 1) * MINUTE_MS
  const quota: Quota = { ...unheard(), limit, remaining: limit, resetAt, at }
  member.quotas.set(OWN_MINUTE, quota)
  return quota
}

/** A turn that never reached its upstream gives its part back. */
export function giveBack(lease: Lease): void {
  if (!lease.reserved) return
  const { requests, tokens, minute, demand, at } = lease.reserved
  lease.reserved = undefined
  if (requests && requests.at <= at) requests.remaining++
  if (tokens && tokens.at <= at) tokens.remaining += demand
  if (minute) minute.remaining++
}

/** What an upstream says is left of a quota. */
export interface Report {
  readonly bucket: string
  readonly limit: number
  readonly remaining: number
  readonly resetAt: number
  /** As it was stored; what an upstream says is reported. */
  readonly source?: Quota['source']
}

/** Believe the upstream: what it reports counts every turn that has reached it, and no other. */
export function report(
  member: Member,
  { bucket, limit, remaining, resetAt, source = 'reported' }: Report,
  at: number,
): void {
  member.quotas ??= new Map()
  const quota = member.quotas.get(bucket) ?? unheard()
  member.quotas.set(bucket, quota)
  quota.limit = limit
  quota.remaining = remaining - quota.pending
  quota.resetAt = resetAt
  quota.source = source
  quota.at = at
  quota.words++
}
