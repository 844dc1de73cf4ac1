import { shownAddress } from './described'
import type { DetailedAccount } from './detail'
import type { AccountObject } from './schema'

/** An account as the admin API tells of it. */
export function accountObject(account: DetailedAccount): AccountObject {
  const { standing, createdAt, tags } = account
  return {
    object: 'account',
    ...{ id: account.id, kind: account.kind, name: account.name },
    source: account.isOfEnvironment ? 'environment' : 'database',
    base_url: shownAddress(account.baseUrl),
    hint: account.hint ?? null,
    enabled: account.enabled,
    state: standing.condition,
    rests: standing.rests.map(({ scope, state, reason, until }) => ({
      ...{ scope, state, reason },
      until: until && seconds(until),
    })),
    quotas: standing.quotas.map(({ bucket, limit, remaining, resetAt, source, at }) => ({
      ...{ bucket, limit, remaining, resets_at: seconds(resetAt) },
      ...{ source, learnt_at: seconds(at) },
    })),
    in_flight: standing.inFlight,
    tier: account.tier,
    weight: account.weight,
    max_in_flight: account.maxInFlight,
    requests_per_minute: account.requestsPerMinute,
    models: account.models && [...account.models],
    api: account.api,
    proxy: account.hasOwnProxy ? (account.proxyName ?? null) : null,
    header_names: [...account.headerNames],
    cookie_names: [...account.cookieNames],
    tags: [...(tags ?? [])],
    note: account.note,
    revision: account.version,
    created_at: createdAt === undefined ? null : seconds(createdAt),
  }
}

const seconds = (ms: number): number => Math.floor(ms / 1000)
