import type { View } from '../view'

const TICKS_PER_DOLLAR = 1e10
const LOCALES = { en: 'en-US', zh: 'zh-CN' } as const

const formats = new Map<string, Intl.NumberFormat>()

function format(view: View, name: string, options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const known = formats.get(`${view.language} ${name}`)
  if (known) return known
  const made = new Intl.NumberFormat(LOCALES[view.language], options)
  formats.set(`${view.language} ${name}`, made)
  return made
}

/** `12,345`, and `1.2M` from a million on. */
export const count = (view: View, value: number): string =>
  value < 1_000_000
    ? format(view, 'count', { maximumFractionDigits: 0 }).format(value)
    : format(view, 'compact', { notation: 'compact', maximumFractionDigits: 1 }).format(value)

/** A share of 1 as `97.3%`. */
export const percent = (view: View, share: number): string =>
  format(view, 'percent', { style: 'percent', maximumFractionDigits: 1 }).format(share)

/** An amount of money: 10^10 ticks are one US dollar. */
export const money = (view: View, ticks: number): string => {
  const digits = ticks > 0 && ticks < TICKS_PER_DOLLAR / 100 ? 4 : 2
  return format(view, `money ${digits}`, {
    style: 'currency',
    currency: 'USD',
    maximumFractionDigits: digits,
  }).format(ticks / TICKS_PER_DOLLAR)
}

/** A size as `12.3 MB`. */
export const bytes = (view: View, size: number): string => {
  const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const
  const power = Math.min(Math.floor(Math.log10(Math.max(size, 1)) / 3), units.length - 1)
  return format(view, `bytes ${power}`, {
    style: 'unit',
    unit: units[power] ?? 'byte',
    unitDisplay: 'short',
    maximumFractionDigits: power === 0 ? 0 : 1,
  }).format(size / 1000 ** power)
}

/** A duration as `85 ms`, `3.2 s`, `4 min`, `2 h`, `3 d`. */
export function duration(view: View, ms: number): string {
  const [unit, length] = (
    [
      ['day', 172_800_000],
      ['hour', 7_200_000],
      ['minute', 120_000],
      ['second', 1_000],
      ['millisecond', 0],
    ] as const
  ).find(([, from]) => ms >= from) ?? ['millisecond', 0]
  const size = { day: 86_400_000, hour: 3_600_000, minute: 60_000, second: 1_000, millisecond: 1 }
  return format(view, `duration ${unit} ${length}`, {
    style: 'unit',
    unit,
    unitDisplay: 'short',
    maximumFractionDigits: unit === 'second' ? 1 : 0,
  }).format(ms / size[unit])
}
