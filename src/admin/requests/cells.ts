import type { LedgerRow } from '../../store/ledger'
import { type Html, html } from '../html'
import type { View } from '../view'
import { badge } from '../widgets/badge'
import { money } from '../widgets/numbers'
import type { RequestNames } from './service'
import { requestWords } from './words'

const TONES = { done: 'good', failed: 'bad', broken: 'bad', gone: 'quiet' } as const

/** How a request ended, with its status and the reason. */
export const outcomeOf = (view: View, row: LedgerRow): Html => html`
  ${badge(requestWords[view.language][row.outcome], TONES[row.outcome])}
  ${row.status}${row.errorCode && html` <code>${row.errorCode}</code>`}`

/** Keys that are no rows have no page of their own. */
const PAGELESS: ReadonlySet<string> = new Set(['env', 'playground'])

/** A key by its name, with the way to it. */
export function keyLink(view: View, id: string, names: RequestNames): Html {
  const name = names.key(id)
  if (name === undefined) return html`${requestWords[view.language].deleted(id.slice(0, 8))}`
  if (PAGELESS.has(id)) return html`${name}`
  return html`<a href="/admin/keys/${encodeURIComponent(id)}">${name}</a>`
}

/** An account by its kind and name, with the way to it. */
export function accountLink(view: View, id: string, names: RequestNames): Html {
  const known = names.account(id)
  if (!known) return html`${requestWords[view.language].deleted(id.slice(0, 8))}`
  const name = `${known.kind}/${known.name}`
  return known.kind === 'demo'
    ? html`${name}`
    : html`<a href="/admin/accounts/${encodeURIComponent(id)}">${name}</a>`
}

/** As the client asked, and as the upstream was asked where that is another: names may be long. */
export const modelOf = ({ model, modelUsed }: LedgerRow, most?: number): Html =>
  html`${shortened(model, most)}${modelUsed && modelUsed !== model && html` → ${shortened(modelUsed, most)}`}`

const shortened = (name: string, most = Number.POSITIVE_INFINITY): string =>
  name.length > most ? `${name.slice(0, most)}…` : name

/** What a request cost, as far as anyone knows. */
export const costOf = (view: View, { costTicks }: LedgerRow): string =>
  costTicks === null ? '–' : money(view, costTicks)
