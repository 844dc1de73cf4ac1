import type { Account } from '#src/pool/account'
import type { Lease } from '#src/pool/lease'
import type { Quota } from '#src/pool/member'
import type { Tier } from '#src/store/schema'
import { webOffers } from '#src/upstream/web/models'
import { account, poolOf } from './accounts-pool'

/** A grok.com session as the roster makes it. */
export const session = (
  id: string,
  tier: Tier | undefined = undefined,
  fields: Partial<Account> = {},
): Account =>
  account(id, {
    kind: 'web',
    baseUrl: 'https://grok.example',
    models: null,
    tier,
    offers: webOffers(tier, 'g2'),
    ...fields,
  })

export const BUCKET = 'units grok-4'
export const HOUR = 3_600_000

/** A pool of sessions. */
export function sessionsPool(
  accounts: readonly Account[] = [session('a')],
  hooks: Parameters<typeof poolOf>[2] = {},
) {
  const it = poolOf(accounts, {}, hooks)
  return {
    ...it,
    quota: (bucket = BUCKET, id = 'a'): Quota | undefined =>
      it.pool.member(id)?.quotas?.get(bucket),
    /** What grok.com says of a quota. */
    say(remaining: number, { bucket = BUCKET, id = 'a', limit = 80, ms = 20 * HOUR } = {}): void {
      const member = it.pool.member(id)
      if (!member) throw new Error(`There is no session ${id}.`)
      it.pool.report({ member }, { bucket, limit, remaining, resetAt: it.now() + ms })
    },
    take(asked = 'grok-4'): Lease {
      const lease = it.lease({ asked })
      if (!lease) throw new Error(`Nobody is free for ${asked}.`)
      return lease
    },
  }
}
