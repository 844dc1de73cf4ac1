import type { Host, Member } from './member'

// A circuit breaker for one upstream address. When it is the address that fails, its accounts are not
// to blame, and asking them one after the other only keeps callers waiting.

const FIRST_OPEN_MS = 1_000
const LONGEST_OPEN_MS = 30_000

/**
 * So many accounts must fail side by side before their host is taken for down, if it has as many: few
 * when no connection comes about, more when connections break, which may be about the accounts.
 */
const WITNESSES = { certain: 3, likely: 10 } as const

/** How sure it is that the host failed, and not an account there. */
export type HostSign = keyof typeof WITNESSES

export const newHost = (): Host => ({
  accounts: 0,
  failed: new Set(),
  openUntil: 0,
  trips: 0,
  probing: false,
  answeredAt: 0,
  downSince: 0,
  fault: undefined,
})

/** Whether turns may go there: all while it works, a single one to try it out after a break. */
export const admits = (host: Host, at: number): boolean =>
  host.openUntil === 0 || (host.openUntil <= at && !host.probing)

/** Any answer shows that the host is there. */
export function hostAnswered(host: Host, at: number): void {
  host.answeredAt = at
  if (host.openUntil === 0 && host.failed.size === 0) return
  host.failed.clear()
  host.openUntil = 0
  host.trips = 0
  host.downSince = 0
  host.probing = false
}

/** What went wrong at a host. */
interface HostFault {
  readonly at: number
  /** `certain` when no connection came about, which a host that works does to nobody. */
  readonly sign: HostSign
  /** For people. */
  readonly reason: string
}

/**
 * Note that an account could not be served for a reason that may be its host's.
 *
 * @returns whether the host is down, so that no account is to blame
 */
export function hostFailed(host: Host, member: Member, { at, sign, reason }: HostFault): boolean {
  host.failed.add(member)
  host.fault = { at, reason }
  const needed = Math.min(WITNESSES[sign], host.accounts)
  if (host.openUntil === 0 && host.failed.size < needed) return false
  if (host.openUntil <= at) {
    host.openUntil = at + Math.min(FIRST_OPEN_MS * 2 ** host.trips, LONGEST_OPEN_MS)
    host.trips++
    if (host.downSince === 0) host.downSince = at
  }
  return true
}
