import type { AuditEntry } from '../../store/audit'
import { type Html, html } from '../html'
import type { View } from '../view'
import { empty } from '../widgets/empty'
import { field } from '../widgets/field'
import { pager } from '../widgets/pager'
import { cell, table } from '../widgets/table'
import { moment } from '../widgets/time'
import type { AuditPart } from './service'
import { auditWords } from './words'

/** Fields of the filter, as they stand in the page's address. */
export const AUDIT_FILTERS = ['actor', 'action', 'subject', 'since'] as const

/** Who changed what. */
export const auditPage = (
  view: View,
  { entries, next }: AuditPart,
  query: URLSearchParams,
): Html => {
  const say = auditWords[view.language]
  const isFiltered = AUDIT_FILTERS.some((name) => query.get(name))
  const further = new URLSearchParams(query)
  if (next) further.set('after', next)
  const first = new URLSearchParams(query)
  first.delete('after')
  return html`
    <p>${say.intro} <a href="/admin/access">${say.access}</a></p>
    <form method="get" action="/admin/audit" role="search" class="filters">
      ${field({ label: say.actor, name: 'actor', value: query.get('actor'), type: 'search', hint: say.actorHint })}
      ${field({ label: say.action, name: 'action', value: query.get('action'), type: 'search', hint: say.actionHint })}
      ${field({ label: say.subject, name: 'subject', value: query.get('subject'), type: 'search' })}
      ${field({ label: say.since, name: 'since', value: query.get('since'), type: 'datetime-local' })}
      <button>${say.filter}</button>
      ${isFiltered && html`<a href="/admin/audit">${say.clear}</a>`}
    </form>
    ${table({
      caption: say.caption,
      columns: [say.at, say.actor, say.action, say.subject, say.change],
      rows: entries.map((entry) => row(view, entry)),
      empty: isFiltered
        ? empty(say.noneFiltered, say.noneFilteredNext)
        : empty(say.none, say.noneNext),
    })}
    ${pager(view, {
      previous: query.has('after') ? `/admin/audit?${first}` : undefined,
      next: next ? `/admin/audit?${further}` : undefined,
    })}`
}

const row = (view: View, entry: AuditEntry): Html => {
  const say = auditWords[view.language]
  return html`
    <tr>
      <th scope="row">${moment(view, entry.at)}</th>
      ${cell(say.actor, html`${entry.actor}${entry.address && html` <small>${entry.address}</small>`}`)}
      ${cell(say.action, html`<code>${entry.action}</code>`)}
      ${cell(say.subject, entry.subject)}
      ${cell(say.change, differences(view, entry))}
    </tr>`
}

/** What each field was and is. */
function differences(view: View, { before, after }: AuditEntry): Html {
  const names = Object.keys({ ...before, ...after })
  if (names.length === 0) return html``
  const nothing = html`<i>${auditWords[view.language].nothing}</i>`
  const shown = (value: unknown): Html =>
    value === undefined || value === null || value === '' ? nothing : html`${textOf(value)}`
  return html`<ul class="differences">${names.map(
    (name) =>
      html`<li><code>${name}</code>: ${before && html`<del>${shown(before[name])}</del>`}${
        before && after && ' → '
      }${after && html`<ins>${shown(after[name])}</ins>`}</li>`,
  )}</ul>`
}

const textOf = (value: unknown): string =>
  typeof value === 'string' ? value : (JSON.stringify(value) ?? '')
