import { ACCOUNT_KINDS } from '../../store/schema'
import { type Html, html } from '../html'
import type { View } from '../view'
import { choice, field } from '../widgets/field'
import { filters } from '../widgets/toolbar'
import { type FilterName, type Given, OUTCOMES, type Problems } from './query'
import { problemWords, requestWords } from './words'

const SPANS = ['15m', '1h', '24h', '7d', '30d'] as const

/** What the usual look does not need. */
const RARE: readonly FilterName[] = [
  'key',
  'model',
  'account',
  'code',
  'status',
  'endpoint',
  'kind',
  'until',
]

/** What can be said of the requests that are looked for; wrong words come back with what is wrong. */
export function filterForm(view: View, given: Given, problems: Problems): Html {
  const say = requestWords[view.language]
  const wrong = problemWords[view.language]
  const text = (name: FilterName, label: string, hint?: string) => {
    const problem = problems[name]
    return field({
      ...{ name, label, value: given[name] },
      problem: problem && wrong[problem],
      attributes: html`${hint && html` placeholder="${hint}"`}${(name === 'since' || name === 'until') && html` list="spans"`} autocomplete="off" spellcheck="false"`,
    })
  }
  const isRare = RARE.some((name) => given[name] !== undefined)
  return filters(view, {
    action: '/admin/requests',
    fields: html`
      ${choice({
        label: say.outcome,
        name: 'outcome',
        value: given.outcome ?? '',
        options: [
          ['', say.any],
          ['problem', say.problem],
          ...OUTCOMES.map((one) => [one, say[one]] as const),
        ],
      })}
      ${text('since', say.since, say.timeHint)}
      ${text('request_id', say.requestId)}
      <datalist id="spans">${SPANS.map((span) => html`<option value="${span}">${say.span(span)}</option>`)}</datalist>
      <details class="more"${isRare && html` open`}>
        <summary>${say.more}</summary>
        <div class="fields">
          ${text('key', say.key, say.keyHint)}
          ${text('model', say.model)}
          ${text('account', say.account, say.accountHint)}
          ${text('code', say.code)}
          ${text('status', say.status, say.statusHint)}
          ${text('endpoint', say.endpoint)}
          ${choice({
            label: say.kind,
            name: 'kind',
            value: given.kind ?? '',
            options: [
              ['', say.any],
              ...[...ACCOUNT_KINDS, 'demo'].map((one) => [one, one] as const),
            ],
          })}
          ${text('until', say.until, say.timeHint)}
        </div>
      </details>`,
    more: Object.keys(given).length > 0 && html`<a href="/admin/requests">${say.reset}</a>`,
  })
}
