import { type HourSums, NOTHING, type Sums, total } from '../../store/ledger-rollups'

/** What turns came to, now and before, and over time. */
export interface Traffic {
  readonly today: Sums
  /** Until the hour that it is now. */
  readonly yesterday: Sums
  /** The last 24 hours, with the one that it is now. */
  readonly day: Sums
  readonly dayBefore: Sums
  /** The last 24 hours, the oldest first. */
  readonly hours: readonly HourSums[]
  /** The last 14 days of the operator, the oldest first. */
  readonly days: readonly DaySums[]
}

/** The sums of a day of the operator's. */
export interface DaySums {
  /** `2026-11-21` */
  readonly day: string
  readonly sums: Sums
}

const HOUR_MS = 3_600_000
const MINUTES_PER_HOUR = 60
const MINUTES_PER_DAY = 1_440
const DAY_MS = 24 * HOUR_MS
const HOURS = 24
const DAYS = 14

/** From which hour on sums are needed. */
export const firstHour = (now: number): number => hourOf(now) - (DAYS + 1) * HOURS

const hourOf = (at: number): number => Math.floor(at / HOUR_MS)

/** The last 24 hours begin with this one. */
export const dayBegins = (now: number): number => hourOf(now) - HOURS + 1

/** An hour belongs to the day in which it begins: a zone may be half an hour off. */
const dayOf = (hour: number, zoneMinutes: number): number =>
  Math.floor((hour * MINUTES_PER_HOUR + zoneMinutes) / MINUTES_PER_DAY)

/** What the sums of hours come to for somebody who lives in a zone. */
export function trafficOf(series: readonly HourSums[], now: number, zoneMinutes: number): Traffic {
  const hour = hourOf(now)
  const today = dayOf(hour, zoneMinutes)
  const sum = (fits: (one: HourSums) => boolean) => total(series.filter(fits))
  const byHour = new Map(series.map((one) => [one.hour, one]))
  const byDay = Map.groupBy(series, (one) => dayOf(one.hour, zoneMinutes))
  return {
    today: total(byDay.get(today) ?? []),
    yesterday: sum((one) => dayOf(one.hour, zoneMinutes) === today - 1 && one.hour <= hour - HOURS),
    day: sum((one) => one.hour > hour - HOURS),
    dayBefore: sum((one) => one.hour <= hour - HOURS && one.hour > hour - 2 * HOURS),
    hours: Array.from({ length: HOURS }, (_, at) => {
      const which = hour - HOURS + 1 + at
      return { ...(byHour.get(which) ?? NOTHING), hour: which }
    }),
    days: Array.from({ length: DAYS }, (_, at) => {
      const day = today - DAYS + 1 + at
      return {
        day: new Date(day * DAY_MS).toISOString().slice(0, 10),
        sums: total(byDay.get(day) ?? []),
      }
    }),
  }
}

/** Turns that went well; a client that left says nothing about that. */
export const succeeded = ({ turns, failures, gone }: Sums): number => turns - failures - gone

/** The share of those that went well, from 0 to 1; undefined where there were none. */
export function successOf(sums: Sums): number | undefined {
  const counted = sums.turns - sums.gone
  return counted > 0 ? succeeded(sums) / counted : undefined
}

/** What a turn took on average, in milliseconds. */
export const meanOf = ({ turns, totalMs }: Sums): number | undefined =>
  turns > 0 ? totalMs / turns : undefined

/** Of sorted values the one below which that share of them lies. */
export const percentile = (sorted: readonly number[], share: number): number | undefined =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]
