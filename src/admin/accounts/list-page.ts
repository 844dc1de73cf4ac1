import { ACCOUNT_STATES, TIER_FILTERS } from '../../store/account-filter'
import { ACCOUNT_SORTS } from '../../store/account-pages'
import { ACCOUNT_KINDS } from '../../store/schema'
import { progressWords } from '../batches/progress-words'
import { type Html, html } from '../html'
import { shell } from '../shell'
import type { View } from '../view'
import { badge } from '../widgets/badge'
import { empty } from '../widgets/empty'
import { choice, field } from '../widgets/field'
import { count } from '../widgets/numbers'
import { pager } from '../widgets/pager'
import { cell, rowName, table } from '../widgets/table'
import { row as side } from '../widgets/toolbar'
import { pasteForm } from './add-page'
import { bulkBar } from './bulk-page'
import { accountPath, kindText, labelOf, quotaBar, stateCell } from './cells'
import { shownAddress } from './described'
import type { AccountList } from './list'
import { type AccountQuery, isFiltered, PAGE_SIZES, pathOf } from './query'
import type { ShownAccount } from './shown'
import { stateWords } from './state-words'
import { accountWords } from './words'

/** All accounts: to be searched, filtered, and worked on together. */
export function listPage(view: View, query: AccountQuery, list: AccountList, told?: Html): Html {
  const say = accountWords[view.language]
  const isEmpty = list.total === 0 && !isFiltered(query)
  return shell(view, {
    title: say.title,
    main: isEmpty
      ? html`${told}${emptyPool(view)}`
      : html`
        ${side(
          html`<a class="button" href="/admin/accounts/new">${say.add}</a>`,
          html`<a class="button plain" href="/admin/accounts/import">${say.import}</a>`,
          html`<a class="button plain" href="/admin/accounts/export">${say.export}</a>`,
          html`<a href="/admin/batches">${progressWords[view.language].title}</a>`,
        )}
        ${told}
        ${filterBar(view, query, list)}
        <div id="work"></div>
        ${listPart(view, query, list)}`,
  })
}

/** The part that changes while somebody types. */
export function listPart(view: View, query: AccountQuery, list: AccountList): Html {
  const say = accountWords[view.language]
  const shown = say.caption(count(view, list.total))
  return html`
    <form id="accounts" method="post" action="/admin/accounts/bulk" hx-post="/admin/accounts/bulk" hx-target="#work">
      <input type="hidden" name="query" value="${pathOf(query)}">
      ${list.accounts.length > 0 && bulkBar(view, list)}
      ${table({
        caption: shown,
        columns: [
          say.name,
          `${say.kind}, ${say.tier}`,
          say.state,
          say.quotas,
          say.inFlight,
          say.tags,
          say.note,
        ],
        rows: list.accounts.map((account) => accountRow(view, account)),
        empty: empty(say.nothingFits, html`<a href="/admin/accounts">${say.showAll}</a>`),
      })}
      ${pager(view, {
        previous: list.previous && pathOf(list.previous),
        next: list.next && pathOf(list.next),
      })}
    </form>`
}

/** One account. It may be sent alone when it changes: the row keeps its id. */
export function accountRow(view: View, account: ShownAccount): Html {
  const say = accountWords[view.language]
  const { id, name, hint, baseUrl, isOfEnvironment, standing, tags, note } = account
  const secret = isOfEnvironment ? badge(say.environment, 'quiet') : say.secret(hint ?? '')
  return html`
    <tr id="account-${id}">
      ${rowName(
        say.name,
        html`
          <span class="pick"><input type="checkbox" name="id" value="${id}" aria-label="${say.select(labelOf(account))}">
            <a href="${accountPath(account)}">${name}</a></span>
          <small class="soft">${secret}</small>
          <small class="soft">${shownAddress(baseUrl)}</small>`,
      )}
      ${cell(`${say.kind}, ${say.tier}`, kindText(view, account))}
      ${cell(say.state, html`<div class="lines">${stateCell(view, standing)}</div>`)}
      ${cell(say.quotas, standing.quotas.length > 0 ? standing.quotas.map((quota) => quotaBar(view, quota)) : html`<span class="soft none">–</span>`)}
      ${cell(say.inFlight, count(view, standing.inFlight), 'number')}
      ${cell(say.tags, tags ? tags.map((tag) => html`${tagLink(tag)} `) : html`<span class="soft none">–</span>`)}
      ${cell(say.note, note ? shortened(note) : html`<span class="soft none">–</span>`)}
    </tr>`
}

const LONGEST_NOTE = 120

const shortened = (note: string): string =>
  note.length <= LONGEST_NOTE ? note : `${note.slice(0, LONGEST_NOTE - 1)}…`

/** A tag, which leads to all that have it. */
export const tagLink = (tag: string): Html =>
  html`<a class="badge quiet" href="/admin/accounts?tag=${encodeURIComponent(tag)}">${tag}</a>`

function filterBar(view: View, { filter, sort, limit }: AccountQuery, list: AccountList): Html {
  const say = accountWords[view.language]
  const called = stateWords[view.language]
  const any = ['', say.any] as const
  const counted = (text: string, found: number | undefined) =>
    found === undefined ? text : say.counted(text, count(view, found))
  const { kinds, tiers, states } = list.counts ?? {}
  const orders = {
    name: say.byName,
    newest: say.byNewest,
    oldest: say.byOldest,
    state: say.byState,
  }
  return html`
    <form class="toolbar" role="search" method="get" action="/admin/accounts"
      hx-get="/admin/accounts" hx-trigger="input delay:250ms, change, submit" hx-target="#accounts" hx-swap="outerHTML" hx-sync="this:replace">
      ${field({ label: say.search, name: 'q', type: 'search', value: filter.text, attributes: html`maxlength="200" placeholder="${say.searchHint}"` })}
      ${choice({
        label: say.kind,
        name: 'kind',
        value: filter.kind ?? '',
        options: [
          any,
          ...ACCOUNT_KINDS.map((kind) => [kind, counted(called[kind], kinds?.[kind])] as const),
        ],
      })}
      ${choice({
        label: say.tier,
        name: 'tier',
        value: filter.tier ?? '',
        options: [
          any,
          ...TIER_FILTERS.map((tier) => [tier, counted(called[tier], tiers?.[tier])] as const),
        ],
      })}
      ${choice({
        label: say.state,
        name: 'state',
        value: filter.state ?? '',
        options: [
          any,
          ...ACCOUNT_STATES.map(
            (state) => [state, counted(called[state], states?.[state])] as const,
          ),
        ],
      })}
      ${choice({
        label: say.tag,
        name: 'tag',
        value: filter.tag ?? '',
        options: [
          any,
          ...tagOptions(list, filter.tag).map(
            ([tag, found]) => [tag, counted(tag, found)] as const,
          ),
        ],
      })}
      ${choice({
        label: say.sort,
        name: 'sort',
        value: sort,
        options: ACCOUNT_SORTS.map((one) => [one, orders[one]]),
      })}
      ${choice({
        label: say.size,
        name: 'size',
        value: String(limit),
        options: PAGE_SIZES.map((size) => [String(size), String(size)]),
      })}
      <button class="plain">${say.search}</button>
    </form>`
}

/** The tag that is looked for is always among them. */
function tagOptions({ tags }: AccountList, tag: string | undefined) {
  const known = tags.map((one) => [one.tag, one.accounts] as const)
  return tag === undefined || tags.some((one) => one.tag === tag)
    ? known
    : [[tag, 0] as const, ...known]
}

const emptyPool = (view: View): Html => {
  const say = accountWords[view.language]
  return html`
    <section class="card">
      <h2>${say.emptyTitle}</h2>
      <p>${say.emptyHint}</p>
      ${pasteForm(view, {})}
      <p><a href="/admin/accounts/import">${say.import}</a></p>
    </section>`
}
