import type { Stores } from '#src/store/stores'

const KINDS = ['web', 'web', 'web', 'xai', 'openai'] as const
const TIERS = ['basic', 'super', 'heavy', undefined] as const
const STATES = ['cooling', 'exhausted', 'suspect', 'expired', 'disabled'] as const
const BUCKETS = ['units grok-3', 'units grok-4'] as const
const HOUR = 3_600_000

/** As many accounts as an operator of a large pool has, of every kind and in every state. */
export async function addAccounts(
  stores: Stores,
  count: number,
  now: number,
  /** Where their servers are, if somebody may ask them. */
  url?: string,
) {
  await stores.accountImport.add(
    Array.from({ length: count }, (_, index) => {
      const kind = KINDS[index % KINDS.length] ?? 'web'
      return {
        kind,
        secret: `secret-${index}-abcdefghijklmnopqrstuvwxyz-0123456789-${String(index).padStart(6, '0')}`,
        // Names follow no order of their own.
        name: `acc-${String((index * 7919) % count).padStart(5, '0')}`,
        baseUrl:
          url ??
          (kind === 'openai' ? `https://api${index % 50}.example.com/v1` : 'https://grok.com'),
        tags: index % 3 ? null : [`team-${index % 20}`, 'eu'],
        note: index % 4 ? undefined : `bought from somebody in March, number ${index}`,
        tier: kind === 'web' ? TIERS[index % 4] : undefined,
        extras:
          kind === 'web'
            ? {
                headers: { 'user-agent': 'y'.repeat(200) },
                cookies: `cf_clearance=${'z'.repeat(300)}`,
              }
            : undefined,
      }
    }),
  )
  const all = await stores.accounts.list()
  const held = { reason: '429: too many requests', faults: 1, updatedAt: now }
  const states = all.flatMap(({ id: accountId, kind }, index) => [
    ...(index % 3 === 0
      ? [
          {
            ...held,
            ...{ accountId, scope: '', state: STATES[index % 5] ?? 'cooling' },
            until: index % 5 > 2 ? null : now + HOUR * (index % 7 ? 1 : -1),
          },
        ]
      : []),
    ...(kind === 'web'
      ? BUCKETS.map((scope, at) => ({
          ...held,
          ...{ accountId, scope, state: 'exhausted' as const, reason: 'no quota is left' },
          until: now + HOUR * ((index + at) % 4 ? -1 : 1),
        }))
      : []),
  ])
  for (let from = 0; from < states.length; from += 2_000)
    await stores.accountStates.save(states.slice(from, from + 2_000))
  const quotas = all.flatMap(({ id: accountId, kind }, index) =>
    kind === 'web'
      ? BUCKETS.map((bucket) => ({
          ...{ accountId, bucket, limit: 80, remaining: index % 81, resetAt: now + HOUR },
          ...{ source: 'reported' as const, updatedAt: now },
        }))
      : [],
  )
  for (let from = 0; from < quotas.length; from += 2_000)
    await stores.accountQuotas.save(quotas.slice(from, from + 2_000))
  await stores.accounts.setEnabled(
    all.filter((_, index) => index % 10 === 9).map(({ id }) => id),
    false,
  )
}
