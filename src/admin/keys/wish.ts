import { ApiError } from '../../errors'
import type { KeyChanges } from '../../store/keys'
import { LIMIT_NAMES, type NewKeyBody } from './schema'

type Wish = Partial<NewKeyBody> & { readonly enabled?: boolean }

const NAMES = Object.entries(LIMIT_NAMES) as [keyof typeof LIMIT_NAMES, string][]

/**
 * What a call of the API wants of a key, and nothing about what it does not mention.
 *
 * @throws ApiError that names the field
 */
export function changesOf(wish: Wish, now: number): KeyChanges {
  const { name, enabled, models, limits = {}, rescue, expires_at: expiry } = wish
  if (typeof expiry === 'number' && expiry * 1000 <= now)
    throw new ApiError(
      'invalid_value',
      '"expires_at" is over already. To end a key now, switch it off or revoke it.',
      { param: 'expires_at' },
    )
  const given = NAMES.filter(([one]) => limits[one] !== undefined)
  return {
    ...Object.fromEntries(given.map(([one, field]) => [field, limits[one]])),
    ...(name !== undefined && { name: name.trim() }),
    ...(enabled !== undefined && { enabled }),
    ...(models !== undefined && { models }),
    ...(rescue !== undefined && { rescue }),
    ...(expiry !== undefined && { expiresAt: expiry === null ? null : new Date(expiry * 1000) }),
  }
}
