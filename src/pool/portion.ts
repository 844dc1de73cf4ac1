import type { Account } from './account'

/** One of the processes of a machine. */
export interface Place {
  readonly processes: number
  /** Its number among them, from 0. */
  readonly index?: number
}

/**
 * The part of a limit that one of the processes of a machine keeps to: together they keep to the whole, but each has
 * at least one.
 */
export function portionOf(limit: number, { processes, index = 0 }: Place): number {
  if (processes === 1 || limit === 0 || !Number.isFinite(limit)) return limit
  return Math.max(1, Math.floor(limit / processes) + (index < limit % processes ? 1 : 0))
}

/** An account as one of several processes may use it. */
export function portioned<T extends Pick<Account, 'maxInFlight' | 'requestsPerMinute'>>(
  account: T,
  self: Place,
): T {
  if (self.processes === 1) return account
  const { maxInFlight, requestsPerMinute } = account
  return {
    ...account,
    maxInFlight: portionOf(maxInFlight, self),
    requestsPerMinute: requestsPerMinute === null ? null : portionOf(requestsPerMinute, self),
  }
}
