import { windowAt } from '../../http/window'
import { keyState } from '../../operator/key-state'
import { LIMIT_BUCKETS } from '../../operator/key-usage'
import { type JobRow, jobState } from '../../store/jobs'
import type { Key } from '../../store/keys'
import type { RecentEgress, RecentError } from '../../store/ledger-recent'
import type { LimitWindow } from '../../store/near-limits'
import type { PoolHealth } from './pool-health'

/** What may need an operator. */
export type AttentionName =
  | 'no_account'
  | 'no_password'
  | 'database_away'
  | 'database_slow'
  | 'ledger_waiting'
  | 'ledger_dropped'
  | 'none_ready'
  | 'expired'
  | 'disabled'
  | 'suspect'
  | 'exhausted'
  | 'down'
  | 'challenge'
  | 'anti_bot'
  | 'proxy'
  | 'errors'
  | 'keys_spent'
  | 'keys_nearly'
  | 'keys_expired'
  | 'keys_expiring'
  | 'job_failed'

/** Something that an operator should look at, and where. */
export interface Attention {
  readonly what: AttentionName
  readonly level: 'bad' | 'warn'
  readonly count: number
  /** Whom or what it is about: a kind, a code, names. */
  readonly about: string
  /** Why, in the words of an upstream or of the pool. */
  readonly says?: string | undefined
  /** The page where something can be done. */
  readonly path: string
}

const DAY_MS = 86_400_000
const SOON_MS = 7 * DAY_MS
/** From this share on a limit is nearly used up. */
export const NEARLY = 0.9
const NAMED = 3
/** From this share of the turns of an hour on errors are no accident. */
const GRAVE = 0.1

/** What is wrong with the accounts of each kind. */
export function poolAttention(pool: readonly PoolHealth[]): readonly Attention[] {
  const real = pool.filter(({ kind }) => kind !== 'demo')
  if (real.length === 0)
    return [{ what: 'no_account', level: 'bad', count: 1, about: '', path: '/admin/accounts/new' }]
  const found: Attention[] = []
  for (const [kind, groups] of Map.groupBy(real, (group) => group.kind)) {
    const countOf = (state: keyof PoolHealth['states']) =>
      groups.reduce((sum, { states }) => sum + (states[state] ?? 0), 0)
    const path = `/admin/accounts?kind=${kind}`
    const usable = countOf('ready') + countOf('full')
    const inPool = groups.reduce((sum, { accounts }) => sum + accounts, 0) - countOf('off')
    if (inPool > 0 && usable === 0)
      found.push({ what: 'none_ready', level: 'bad', count: inPool, about: kind, path })
    for (const [state, level] of STATES) {
      const count = countOf(state)
      const says = groups.map(({ reasons }) => reasons[state]).find(Boolean)
      if (count > 0)
        found.push({
          ...{ what: state, level, count, about: kind, says },
          path: state === 'down' ? path : `${path}&state=${state}`,
        })
    }
  }
  return found
}

const STATES = [
  ['expired', 'bad'],
  ['disabled', 'bad'],
  ['down', 'bad'],
  ['suspect', 'warn'],
  ['exhausted', 'warn'],
] as const

const CODES = { challenge: 'challenge', anti_bot: 'anti_bot', proxy: 'upstream_egress' } as const

/** Ways to upstreams that were barred within the last hour. */
export const egressAttention = (egress: readonly RecentEgress[]): readonly Attention[] =>
  egress.map(({ what, turns }) => ({
    ...{ what, level: 'bad', count: turns, about: '' },
    path: `/admin/requests?code=${CODES[what]}&since=1h`,
  }))

/** What went wrong within the last hour, by code. */
export const errorAttention = (
  errors: readonly RecentError[],
  turns: number,
): readonly Attention[] =>
  errors.map(({ code, turns: count, says }) => ({
    ...{ what: 'errors', count, says },
    level: count >= turns * GRAVE ? 'bad' : 'warn',
    about: code,
    path: `/admin/requests?outcome=problem&since=1h${code && `&code=${encodeURIComponent(code)}`}`,
  }))

/** Keys at their limits of a day or a month, and keys at their end. */
export function keyAttention(
  keys: readonly Key[],
  shares: ReadonlyMap<string, number>,
  now: number,
): readonly Attention[] {
  const good = keys.filter((key) => keyState(key, now) === 'in_force')
  const endOf = ({ expiresAt }: Key) => expiresAt?.getTime() ?? Number.POSITIVE_INFINITY
  const some = (what: AttentionName, about: readonly Key[], search = ''): Attention[] => {
    const [first] = about
    if (!first) return []
    const names = about.slice(0, NAMED).map(({ name }) => name)
    const only = about.length === 1 && first.id !== 'env'
    const path = only ? `/admin/keys/${encodeURIComponent(first.id)}` : `/admin/keys${search}`
    return [{ what, level: 'warn', count: about.length, about: names.join(', '), path }]
  }
  const named = (fits: (share: number) => boolean) =>
    good.filter(({ id }) => fits(shares.get(id) ?? 0))
  return [
    ...some(
      'keys_spent',
      named((share) => share >= 1),
      '?state=at_limit',
    ),
    ...some(
      'keys_nearly',
      named((share) => share >= NEARLY && share < 1),
    ),
    ...some(
      'keys_expired',
      keys.filter((key) => keyState(key, now) === 'expired' && endOf(key) > now - SOON_MS),
      '?state=expired',
    ),
    ...some(
      'keys_expiring',
      good.filter((key) => endOf(key) < now + SOON_MS),
    ),
  ]
}

/**
 * The limits of keys that hold for a day or a month, in the windows that it is now: one of a minute is over
 * before anyone can look. A limit of 0 is meant.
 */
export const longLimits = (
  keys: readonly Key[],
  now: number,
  zoneMinutes: number,
): readonly LimitWindow[] => {
  const windows = LIMIT_BUCKETS.filter(([field]) => /^(?:daily|monthly)/.test(field)).map(
    ([field, bucket]) => [field, bucket, windowAt(bucket, now, zoneMinutes).number] as const,
  )
  return keys.flatMap((key) =>
    windows.flatMap(([field, bucket, window]) => {
      const limit = key[field]
      return limit ? [{ keyId: key.id, bucket, window, limit }] : []
    }),
  )
}

/** Background work that did not end well. */
export const jobAttention = (jobs: readonly JobRow[], now: number): readonly Attention[] =>
  jobs
    .filter((job) => ['failed', 'interrupted'].includes(jobState(job, now)))
    .map(({ name, note }) => ({
      ...{ what: 'job_failed', level: 'warn', count: 1, about: name, says: note ?? undefined },
      path: '/admin/system',
    }))
