import type { LedgerRow } from '../../store/ledger'
import { type Html, html } from '../html'
import { shell } from '../shell'
import type { View } from '../view'
import { button } from '../widgets/button'
import { copyable } from '../widgets/copy'
import { empty } from '../widgets/empty'
import { choice } from '../widgets/field'
import { fold } from '../widgets/fold'
import { message } from '../widgets/message'
import { count, duration } from '../widgets/numbers'
import { cell, numberHead, rowName, table } from '../widgets/table'
import { moment } from '../widgets/time'
import { accountLink, costOf, keyLink, modelOf, outcomeOf } from './cells'
import { curlOf } from './curl'
import { filterForm } from './filter-form'
import { type Given, type Problems, searchOf } from './query'
import type { RequestPage } from './service'
import { requestWords } from './words'

/** What the list of requests shows. */
export interface RequestList {
  readonly given: Given
  readonly problems: Problems
  readonly page: RequestPage
  /** Whether this is not the newest part. */
  readonly isOlder: boolean
  /** The newest request of all, while new ones are to appear by themselves. */
  readonly live: number | undefined
}

const PATH = '/admin/requests'
const LONGEST_MODEL = 40

/** The log: filters, requests, and what can be done with them. */
export function requestsPage(view: View, list: RequestList): Html {
  const say = requestWords[view.language]
  return shell(view, {
    title: say.title,
    main: html`
      ${filterForm(view, list.given, list.problems)}
      ${liveBar(view, list)}
      <div id="list">${listPart(view, list)}</div>
      <p class="soft"><small>${say.refused}</small></p>
      ${exportFold(view, list.given)}
      ${clearFold(view, list.given)}`,
  })
}

/** Asks for what is new, or offers to; it renews itself, as it says from where on something is new. */
export function liveBar(view: View, { given, live, isOlder }: RequestList): Html {
  const say = requestWords[view.language]
  if (live === undefined)
    return html`<div id="live" class="row"><a class="button plain" href="${PATH}${searchOf(given, { live: '1' })}">${isOlder ? say.newest : say.live}</a></div>`
  return html`
    <div id="live" class="row" data-tick="2" hx-get="${PATH}/live${searchOf(given, { than: String(live) })}" hx-trigger="tick" hx-swap="outerMorph">
      <a class="button plain" href="${PATH}${searchOf(given)}">${say.pause}</a>
      <small class="soft">${say.watching}</small>
    </div>`
}

/** The requests themselves, and the way on. */
export function listPart(view: View, { given, page, isOlder }: RequestList): Html {
  const say = requestWords[view.language]
  const { rows, next, lookedUntil } = page
  const onward = next !== undefined && `${PATH}${searchOf(given, { after: String(next) })}`
  const isSearched = Object.keys(given).length > 0 || isOlder
  return html`
    ${table({
      caption: say.caption,
      columns: [
        ...[say.time, say.outcome, say.key, say.model, say.account],
        ...[say.took, say.tokens, say.cost].map(numberHead),
      ],
      rows: rows.map((row) => requestRow(view, row, page)),
      id: 'rows',
      empty: lookedUntil !== undefined ? html`` : isSearched ? nothing(view) : noneYet(view),
    })}
    ${lookedUntil !== undefined && message('soft', html`${say.looked(whenOf(view, lookedUntil))}`)}
    ${onward && html`<nav class="pager" aria-label="${say.older}"><a href="${onward}" rel="next">${lookedUntil === undefined ? say.older : say.goOn}</a></nav>`}`
}

function requestRow(view: View, row: LedgerRow, { names }: RequestPage): Html {
  const say = requestWords[view.language]
  return html`
    <tr id="row-${row.id}">
      ${rowName(say.time, html`<a href="${PATH}/${encodeURIComponent(row.requestId)}">${moment(view, row.at)}</a>`)}
      ${cell(say.outcome, outcomeOf(view, row))}
      ${cell(say.key, keyLink(view, row.keyId, names))}
      ${cell(say.model, modelOf(row, LONGEST_MODEL))}
      ${cell(
        say.account,
        html`${row.accountId === null ? '–' : accountLink(view, row.accountId, names)}${row.attempts > 1 && html` <small class="soft">${say.tries(row.attempts)}</small>`}`,
      )}
      ${cell(say.took, duration(view, row.totalMs), 'number')}
      ${cell(say.tokens, `${count(view, row.inputTokens)} → ${count(view, row.outputTokens)}`, 'number')}
      ${cell(say.cost, costOf(view, row), 'number')}
    </tr>`
}

function nothing(view: View): Html {
  const say = requestWords[view.language]
  return empty(say.noneTitle, html`${say.noneNext} <a href="${PATH}">${say.reset}</a>`)
}

function noneYet(view: View): Html {
  const say = requestWords[view.language]
  const first = { endpoint: 'chat.completions', model: 'demo', stream: false }
  return empty(
    say.emptyTitle,
    html`${say.emptyNext}${copyable(view, { id: 'first-request', text: curlOf(first, view.origin, FIRST), what: 'curl' })}`,
  )
}

const FIRST = JSON.stringify({ model: 'demo', messages: [{ role: 'user', content: 'Hello' }] })

function exportFold(view: View, given: Given): Html {
  const say = requestWords[view.language]
  const link = (format: string, text: string) =>
    html`<a class="button plain" download href="/admin/api/requests/export${searchOf(given, { format })}">${text}</a>`
  return fold({
    summary: say.export,
    content: html`<p>${say.exportHint}</p><p class="row">${link('csv', say.csv)}${link('jsonl', say.jsonl)}</p>`,
  })
}

function clearFold(view: View, given: Given): Html {
  const say = requestWords[view.language]
  const action = `${PATH}/clear${searchOf(given)}`
  return fold({
    summary: say.clear,
    content: html`
      <form method="post" action="${action}" hx-post="${action}" hx-target="#list" hx-confirm="${say.clearConfirm}">
        <p>${say.clearHint}</p>
        ${choice({
          label: say.clearOlder,
          name: 'before',
          value: '30d',
          options: [
            ['30d', say.older30],
            ['7d', say.older7],
            ['1d', say.older1],
            ['all', say.all],
          ],
        })}
        <div class="row">${button({ text: say.clearButton, tone: 'danger' })}</div>
      </form>`,
  })
}

const whenOf = ({ zoneMinutes }: View, at: number): string =>
  new Date(at + zoneMinutes * 60_000).toISOString().slice(0, 16).replace('T', ' ')
