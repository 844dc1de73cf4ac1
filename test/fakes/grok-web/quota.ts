import type { Tier, WebAccount } from './accounts'

/** A window of an account: what it may do, and what it has done. */
interface Window {
  total: number
  seconds: number
  used: number
  /** When the first turn of the window was; undefined while there was none. */
  since: number | undefined
}

type Size = readonly [total: number, seconds: number]
type Sizes = Readonly<Record<string, Size>>

const HOUR = 3600
const DAY = 24 * HOUR

/** Turns of the modes (G3), by tier; what is not there is not offered. */
const MODES: Readonly<Record<Tier, Sizes>> = {
  basic: { auto: [20, 20 * HOUR], fast: [30, DAY], expert: [7, 20 * HOUR] },
  super: { auto: [50, 2 * HOUR], fast: [140, 2 * HOUR], expert: [50, 2 * HOUR] },
  heavy: {
    ...{ auto: [150, 2 * HOUR], fast: [400, 2 * HOUR], expert: [150, 2 * HOUR] },
    ...{ heavy: [20, 2 * HOUR], 'grok-420-computer-use-sa': [20, 2 * HOUR] },
  },
}

/** Units of a model (G1, G2), by tier. */
const UNITS: Readonly<Record<Tier, Size>> = {
  basic: [80, 20 * HOUR],
  super: [140, 2 * HOUR],
  heavy: [400, 2 * HOUR],
}

/** Pictures and films, by tier, a day. */
const IMAGINE: Readonly<Record<Tier, Readonly<Record<string, number>>>> = {
  basic: { image: 20, imageEdit: 10, video: 4 },
  super: { image: 200, imagePro: 50, imageEdit: 100, video: 50, video720p: 20 },
  heavy: { image: 500, imagePro: 200, imageEdit: 300, video: 150, video720p: 60 },
}

/** The products of `quota_info`. */
export const PRODUCTS = ['image', 'imagePro', 'imageEdit', 'video', 'video720p'] as const
export type Product = (typeof PRODUCTS)[number]

/** The modes of G3, which are windows of their own in turns, not units. */
export const MODE_IDS = ['auto', 'fast', 'expert', 'heavy', 'grok-420-computer-use-sa']

const HEAVY_MODEL = 'grok-4-heavy'

function sizeOf(tier: Tier, bucket: string): Size {
  if (bucket.startsWith('imagine/')) return [IMAGINE[tier][bucket.slice(8)] ?? 0, DAY]
  if (MODE_IDS.includes(bucket)) return MODES[tier][bucket] ?? [0, 2 * HOUR]
  if (bucket === HEAVY_MODEL) return tier === 'basic' ? [0, 2 * HOUR] : [80, 2 * HOUR]
  return UNITS[tier]
}

/** What a window looks like now. */
export interface Standing {
  readonly total: number
  readonly remaining: number
  readonly seconds: number
  /** Seconds until it is full again; 0 when it is. */
  readonly resetsIn: number
}

/** The windows of all accounts; a window begins with its first turn, and ends by the clock. */
export function createMeter(now: () => number) {
  const windows = new WeakMap<WebAccount, Map<string, Window>>()

  function windowOf(account: WebAccount, bucket: string): Window {
    const own = windows.get(account) ?? new Map<string, Window>()
    windows.set(account, own)
    const [size, seconds] = sizeOf(account.tier, bucket)
    const { quota } = account
    const total = (typeof quota === 'number' ? quota : quota?.[bucket]) ?? size
    const window = own.get(bucket) ?? { total, seconds, used: 0, since: undefined }
    own.set(bucket, window)
    if (window.since !== undefined && now() >= window.since + window.seconds * 1000) {
      window.used = 0
      window.since = undefined
    }
    return window
  }

  return {
    now,
    standing(account: WebAccount, bucket: string): Standing {
      const { total, used, seconds, since } = windowOf(account, bucket)
      const left = since === undefined ? 0 : (since + seconds * 1000 - now()) / 1000
      return { total, remaining: total - used, seconds, resetsIn: Math.ceil(left) }
    },
    /** Take the cost of a turn; false when the window has less than that. */
    take(account: WebAccount, bucket: string, cost: number): boolean {
      const window = windowOf(account, bucket)
      if (window.total - window.used < cost) return false
      window.used += cost
      window.since ??= now()
      return true
    },
    giveBack(account: WebAccount, bucket: string, cost: number): void {
      const window = windowOf(account, bucket)
      window.used = Math.max(0, window.used - cost)
    },
    /** Make a window be as a test needs it. */
    set(account: WebAccount, bucket: string, remaining: number, total?: number): void {
      const window = windowOf(account, bucket)
      window.total = Math.max(total ?? window.total, remaining)
      window.used = window.total - remaining
      window.since = window.used > 0 ? now() : undefined
    },
  }
}

export type Meter = ReturnType<typeof createMeter>

/** An answer of `/rest/rate-limits` in units, with both efforts. */
export function inUnits({ total, remaining, seconds, resetsIn }: Standing) {
  const effort = (cost: number) => {
    const remainingQueries = Math.floor(remaining / cost)
    return { cost, remainingQueries, waitTimeSeconds: remainingQueries > 0 ? 0 : resetsIn }
  }
  return {
    ...{ windowSizeSeconds: seconds, remainingTokens: remaining, totalTokens: total },
    ...{ lowEffortRateLimits: effort(1), highEffortRateLimits: effort(4) },
  }
}

/** An answer of `/rest/rate-limits` in turns; says how long to wait when none is left. */
export function inQueries({ total, remaining, seconds, resetsIn }: Standing) {
  return {
    ...{ windowSizeSeconds: seconds, remainingQueries: remaining, totalQueries: total },
    ...(remaining > 0 ? {} : { waitTimeSeconds: resetsIn }),
    ...{ lowEffortRateLimits: null, highEffortRateLimits: null },
  }
}

/** One product of `quota_info`. */
export const productQuota = (
  { total, remaining, seconds, resetsIn }: Standing,
  now: number,
): object | null =>
  total === 0
    ? null
    : {
        ...{ available: remaining > 0, remainingQueries: remaining, windowSizeSeconds: seconds },
        ...(remaining > 0
          ? {}
          : { nextAvailableAt: new Date(now + resetsIn * 1000).toISOString() }),
      }
