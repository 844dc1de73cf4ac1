import { keyState } from '../../operator/key-state'
import type { LimitUse } from '../../operator/key-usage'
import type { KeyState } from '../../store/key-search'
import type { KeySums } from '../../store/key-sums'
import type { Key } from '../../store/keys'
import { type KeyObject, LIMIT_NAMES } from './schema'

/** A key with what it was used for. */
export interface SeenKey {
  readonly key: Key
  readonly isEnvironment: boolean
  readonly usage: readonly LimitUse[]
  readonly sums: KeySums
}

/** Limits of a day or month: a key that has used one up waits for the next. */
const LONG: ReadonlySet<string> = new Set([
  'dailyChat',
  'dailyHeavy',
  'dailyImage',
  'dailyVideo',
  'dailyCostTicks',
  'monthlyCostTicks',
])

/** Whether a key can be used, and if not why. */
export function shownState({ key, usage }: SeenKey, now: number): KeyState {
  const state = keyState(key, now)
  const isSpent = usage.some(
    ({ field, limit, used }) => LONG.has(field) && limit > 0 && used >= limit,
  )
  return state === 'in_force' && isSpent ? 'at_limit' : state
}

const DAY = {
  chat: 'dailyChat',
  heavy: 'dailyHeavy',
  image: 'dailyImage',
  video: 'dailyVideo',
  cost_usd_ticks: 'dailyCostTicks',
} as const

const HOUR_S = 3_600

const NAMES = Object.entries(LIMIT_NAMES)

/** The limits of a key by the names that they have outside. */
export const limitsOf = (key: Key) =>
  Object.fromEntries(NAMES.map(([name, field]) => [name, key[field]])) as KeyObject['limits']

/** A key as the JSON API shows it. */
export function toObject(seen: SeenKey, now: number): KeyObject {
  const { key, isEnvironment, usage, sums } = seen
  const useOf = new Map(usage.map((use) => [use.field, use]))
  const today = (what: 'used' | 'remaining') =>
    Object.fromEntries(
      Object.entries(DAY).map(([name, field]) => [name, useOf.get(field)?.[what] ?? null]),
    ) as KeyObject['usage_today']
  return {
    object: 'key',
    id: key.id,
    name: key.name,
    hint: key.hint,
    source: isEnvironment ? 'environment' : 'database',
    state: shownState(seen, now),
    enabled: key.enabled,
    models: key.models ? [...key.models] : null,
    rescue: key.rescue,
    limits: limitsOf(key),
    usage: NAMES.flatMap(([limit, field]) => {
      const use = useOf.get(field)
      if (!use) return []
      const { used, remaining, endsAt } = use
      return { limit, used, remaining, resets_at: endsAt === undefined ? null : seconds(endsAt) }
    }),
    usage_today: today('used'),
    remaining_today: today('remaining'),
    usage_24h: { turns: sums.turnsDay, cost_usd_ticks: sums.costDay },
    usage_30d: { turns: sums.turnsMonth, cost_usd_ticks: sums.costMonth },
    last_used_at: sums.lastHour === undefined ? null : sums.lastHour * HOUR_S,
    expires_at: key.expiresAt && seconds(key.expiresAt.getTime()),
    created_at: seconds(key.createdAt.getTime()),
    revoked_at: key.revokedAt && seconds(key.revokedAt.getTime()),
    revision: key.version,
  }
}

const seconds = (ms: number): number => Math.floor(ms / 1000)
