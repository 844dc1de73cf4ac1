import { type Html, html } from '../html'
import type { View } from '../view'

const MINUTE_MS = 60_000

/** A point in time in the operator's zone: `2026-11-21 16:46:03`. */
export const moment = (view: View, at: number): Html =>
  html`<time datetime="${new Date(at).toISOString()}">${text(view, at)}</time>`

/** How long ago something was, or how long it is still to come; the point in time is its title. */
export function ago(view: View, at: number): Html {
  const distance = at - view.now
  const [unit, size] = UNITS.find(([, size]) => Math.abs(distance) >= size) ?? UNITS[3]
  const many = Math.trunc(distance / size)
  const said = many === 0 ? NOW[view.language] : FORMATS[view.language].format(many, unit)
  return html`<time datetime="${new Date(at).toISOString()}" title="${text(view, at)}">${said}</time>`
}

const UNITS = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', MINUTE_MS],
  ['second', 1_000],
] as const

const NOW = { en: 'just now', zh: '刚刚' } as const

const FORMATS = {
  en: new Intl.RelativeTimeFormat('en-US', { style: 'short' }),
  zh: new Intl.RelativeTimeFormat('zh-CN', { style: 'short' }),
} as const

function text(view: View, at: number): string {
  const local = new Date(at + view.zoneMinutes * MINUTE_MS).toISOString()
  return `${local.slice(0, 10)} ${local.slice(11, 19)}`
}
