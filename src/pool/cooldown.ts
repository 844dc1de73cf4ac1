/** Why an account is left alone for a while. */
export type CoolingReason = 'quota' | 'unauthorized' | 'fault'

const FIRST_FAULT_MS = 30_000
const LONGEST_FAULT_MS = 600_000
const QUOTA_MS = 60_000

/**
 * How long an account rests, in milliseconds.
 *
 * The upstream's own word comes first. Without one a used-up quota rests a minute, and other faults
 * rest 30 s, doubling with each fault in a row up to 10 min.
 */
export function coolingTime(
  reason: CoolingReason,
  faultsInARow: number,
  upstreamSaysMs?: number,
): number {
  if (upstreamSaysMs !== undefined) return upstreamSaysMs
  if (reason === 'quota') return QUOTA_MS
  return Math.min(FIRST_FAULT_MS * 2 ** (faultsInARow - 1), LONGEST_FAULT_MS)
}
