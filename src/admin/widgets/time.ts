import { type Html, html } from '../html'
import type { View } from '../view'

const MINUTE_MS = 60_000

/** A point in time in the operator's zone: `2026-11-21 16:46:03`. */
export const moment = (view: View, at: number): Html => {
  const local = new Date(at + view.zoneMinutes * MINUTE_MS).toISOString()
  return html`<time datetime="${new Date(at).toISOString()}">${local.slice(0, 10)} ${local.slice(11, 19)}</time>`
}
