import type { LimitField } from '../operator/key-usage'
import type { Key, KeyChanges } from '../store/keys'
import { list, UsageError, type Values } from './command'

const TICKS_PER_DOLLAR = 1e10
const DAY_MS = 86_400_000
const DAYS_AT_MOST = 36_525

/** A limit of keys as the command line knows it. */
type Row = readonly [
  option: string,
  field: LimitField,
  /** How it reads behind its number. */
  unit: string,
  /** What its use is called. */
  use: string,
]

const ROWS: readonly Row[] = [
  ['rpm', 'requestsPerMinute', '/min', 'requests this minute'],
  ['tpm', 'tokensPerMinute', ' tokens/min', 'tokens this minute'],
  ['concurrency', 'concurrency', ' at once', 'held at once'],
  ['chat-per-day', 'dailyChat', ' chat/day', 'chat today'],
  ['heavy-per-day', 'dailyHeavy', ' heavy/day', 'heavy today'],
  ['image-per-day', 'dailyImage', ' image/day', 'image today'],
  ['video-per-day', 'dailyVideo', ' video/day', 'video today'],
  ['usd-per-day', 'dailyCostTicks', '/day', 'money today'],
  ['usd-per-month', 'monthlyCostTicks', '/month', 'money this month'],
]

/** Every limit that is a number, in the order in which people are told of them. */
const LIMITS = ROWS.map(([option, field, unit]) => ({ option, field, unit }))

const USES: ReadonlyMap<LimitField, string> = new Map(ROWS.map(([, field, , use]) => [field, use]))

/** What the use of a limit is called. */
export const useOf = (field: LimitField): string => USES.get(field) ?? field

/** The options of everything that may be said about a key. */
export const LIMIT_OPTIONS: Readonly<Record<string, { readonly type: 'string' }>> =
  Object.fromEntries(
    [...LIMITS.map(({ option }) => option), 'models', 'days', 'rescue'].map((option) => [
      option,
      { type: 'string' },
    ]),
  )

/**
 * What the options say, and nothing about what they do not mention; `none` takes a limit away.
 *
 * @throws UsageError that names the option
 */
export function readLimits(values: Values, now: number): KeyChanges {
  const given = LIMITS.filter(({ option }) => values[option] !== undefined)
  const numbers = Object.fromEntries(
    given.map(({ option, field }) => [field, readLimit(option, String(values[option]))]),
  )
  return {
    ...numbers,
    ...(values.models !== undefined && { models: readModels(values.models) }),
    ...(values.days !== undefined && { expiresAt: readExpiry(String(values.days), now) }),
    ...(values.rescue !== undefined && { rescue: readRescue(values.rescue) }),
  }
}

function readLimit(option: string, text: string): number | null {
  if (text === 'none') return null
  const isMoney = option.startsWith('usd')
  const number = text.trim() === '' ? Number.NaN : Number(text)
  const limit = isMoney ? Math.round(number * TICKS_PER_DOLLAR) : number
  if (Number.isSafeInteger(limit) && limit >= 0) return limit
  const form = isMoney ? 'an amount of dollars' : 'a whole number'
  throw new UsageError(
    `--${option} must be ${form}, 0 for nothing, or none for no limit.`,
    `Got "${text}".`,
  )
}

function readModels(value: string | boolean): readonly string[] | null {
  const models = value === 'none' ? null : list(value)
  if (models === null || models?.length) return models
  throw new UsageError(
    '--models must name models, or be none for all of them.',
    "For example: --models 'grok-4*,demo'",
  )
}

function readExpiry(text: string, now: number): Date | null {
  if (text === 'none') return null
  const days = Number(text)
  if (Number.isInteger(days) && days >= 1 && days <= DAYS_AT_MOST)
    return new Date(now + days * DAY_MS)
  throw new UsageError(
    `--days must be a whole number from 1 to ${DAYS_AT_MOST} (100 years), or none.`,
    `Got "${text}".`,
  )
}

function readRescue(value: string | boolean): 'off' | 'buffer' {
  if (value === 'buffer') return 'buffer'
  if (value === 'off' || value === 'none') return 'off'
  throw new UsageError('--rescue must be buffer or off.', `Got "${value}".`)
}

/** Everything that limits a key, for people. */
export function showLimits(key: Key): string {
  const numbers = LIMITS.flatMap(({ field, unit }) => {
    const limit = key[field]
    return limit === null ? [] : [showAmount(field, limit) + unit]
  })
  const models = key.models ? [`models ${key.models.join(',')}`] : []
  const rescue = key.rescue === 'off' ? [] : [`rescue ${key.rescue}`]
  return [...models, ...numbers, ...rescue].join(', ') || 'none'
}

/** An amount of what a limit counts. */
export const showAmount = (field: string, amount: number): string =>
  field.endsWith('CostTicks') ? `$${(amount / TICKS_PER_DOLLAR).toFixed(2)}` : String(amount)
