import type { Key } from '../store/keys'

/** Whether a key can be used, and if not why. */
export function keyState(
  { revokedAt, enabled, expiresAt }: Key,
  now: number,
): 'in_force' | 'off' | 'expired' | 'revoked' {
  if (revokedAt) return 'revoked'
  if (!enabled) return 'off'
  return expiresAt && expiresAt.getTime() <= now ? 'expired' : 'in_force'
}
