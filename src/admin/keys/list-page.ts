import { KEY_STATES, type KeyState } from '../../store/key-search'
import { type Html, html } from '../html'
import { shell } from '../shell'
import type { View } from '../view'
import { badge } from '../widgets/badge'
import { button } from '../widgets/button'
import { empty } from '../widgets/empty'
import { choice, field } from '../widgets/field'
import { count } from '../widgets/numbers'
import { pager } from '../widgets/pager'
import { stats } from '../widgets/stat'
import { cell, numberHead, rowName, table } from '../widgets/table'
import { ago } from '../widgets/time'
import { filters, row } from '../widgets/toolbar'
import { limitLines, NOTHING, spentText, stateBadge } from './cells'
import { type KeyQuery, keyPath, pathOf } from './query'
import type { KeyService } from './service'
import type { SeenKey } from './shown'
import { snippet } from './snippet'
import { keyWords } from './words'

/** How many keys a page shows. */
export const PAGE = 50
const HOUR_MS = 3_600_000

/** What a page of keys is made from. */
export interface KeyListing {
  readonly query: KeyQuery
  readonly found: Awaited<ReturnType<KeyService['list']>>
  readonly counts: Readonly<Record<KeyState, number>>
}

/** All keys: to be searched, filtered, and changed together. */
export function listPage(view: View, listing: KeyListing): Html {
  const say = keyWords[view.language]
  const { query, counts } = listing
  const isFirst = KEY_STATES.every((state) => counts[state] === 0)
  return shell(view, {
    title: say.title,
    main: html`
      ${!isFirst && row(html`<a class="button" href="/admin/keys/new">${say.add}</a>`)}
      <div id="key-states">${isFirst ? firstHint(view) : stateStats(view, counts)}</div>
      ${
        !isFirst &&
        filters(view, {
          action: '/admin/keys',
          fields: html`
          ${field({ label: say.search, name: 'search', type: 'search', value: query.search, attributes: html`maxlength="200" placeholder="${say.searchHint}"` })}
          ${choice({
            label: say.state,
            name: 'state',
            value: query.state ?? '',
            options: [
              ['', say.usual],
              ...KEY_STATES.map((state) => [state, say[state]] as const),
              ['all', say.all],
            ],
            attributes: html`data-submit`,
          })}`,
        })
      }
      <div id="work"></div>
      ${listPart(view, listing)}`,
  })
}

/** How many keys are in each state. */
export const stateStats = (view: View, counts: KeyListing['counts']): Html =>
  stats(SHOWN.map((state) => stateStat(view, state, counts[state])))

const SHOWN = ['in_force', 'at_limit', 'off', 'expired'] as const

function stateStat(view: View, state: KeyState, found: number) {
  const say = keyWords[view.language]
  return {
    label: say[state],
    value: html`<a href="/admin/keys?state=${state}">${count(view, found)}</a>`,
    ...(state === 'at_limit' && { note: say.atLimitHint }),
  }
}

/** The part that changes with what is done to keys. */
export function listPart(view: View, { query, found }: KeyListing): Html {
  const say = keyWords[view.language]
  return html`
    <form id="keys" method="post" action="/admin/keys/bulk">
      <input type="hidden" name="query" value="${pathOf(query)}">
      ${found.keys.some(({ isEnvironment }) => !isEnvironment) && bulkBar(view)}
      ${table({
        caption: say.caption(count(view, found.total)),
        columns: [
          say.name,
          say.state,
          say.limitsUsed,
          numberHead(say.day),
          numberHead(say.month),
          say.lastUsed,
        ],
        rows: found.keys.map((seen) => keyRow(view, seen)),
        empty: empty(say.nothingFits, html`<a href="/admin/keys">${say.showAll}</a>`),
      })}
      ${pager(view, {
        previous: query.page > 1 ? pathOf({ ...query, page: query.page - 1 }) : undefined,
        next: found.hasMore ? pathOf({ ...query, page: query.page + 1 }) : undefined,
        shown: shownText(view, query, found),
      })}
    </form>`
}

function shownText(view: View, { page }: KeyQuery, { keys, total }: KeyListing['found']) {
  if (total <= PAGE) return undefined
  const from = (page - 1) * PAGE
  return `${count(view, from + 1)}–${count(view, from + keys.length)} / ${count(view, total)}`
}

function bulkBar(view: View): Html {
  const say = keyWords[view.language]
  const action = (name: 'enable' | 'disable' | 'revoke') =>
    button({
      text: say[name],
      tone: name === 'revoke' ? 'danger' : 'plain',
      isSmall: true,
      attributes: html`name="action" value="${name}" hx-post="/admin/keys/bulk" hx-target="${name === 'revoke' ? '#work' : '#keys'}"${name !== 'revoke' && html` hx-swap="outerHTML"`}`,
    })
  return html`
    <fieldset class="bulk">
      <legend>${say.withTicked}</legend>
      <label class="pick"><input type="checkbox" data-check-all="id"> ${say.selectPage}</label>
      ${row(action('enable'), action('disable'), action('revoke'))}
    </fieldset>`
}

function keyRow(view: View, seen: SeenKey): Html {
  const say = keyWords[view.language]
  const { key, isEnvironment, sums } = seen
  const lines = limitLines(view, seen)
  return html`
    <tr>
      ${rowName(
        say.name,
        html`
          <span class="pick">
            ${!isEnvironment && !key.revokedAt && html`<input type="checkbox" name="id" value="${key.id}" aria-label="${say.select(key.name)}">`}
            <a href="${keyPath(key.id)}">${key.name}</a>
          </span>
          <small class="soft mono">${say.ends(key.hint)}</small>
          ${isEnvironment && badge(say.environment, 'quiet')}`,
      )}
      ${cell(say.state, html`${stateBadge(view, seen)}${key.expiresAt && !key.revokedAt && html`<br><small class="soft">${say.expires} ${ago(view, key.expiresAt.getTime())}</small>`}`)}
      ${cell(say.limitsUsed, lines.length === 0 ? NOTHING : html`<ul class="plain">${lines.map((line) => html`<li><small>${line}</small></li>`)}</ul>`)}
      ${cell(say.day, spentText(view, sums.turnsDay, sums.costDay), 'number')}
      ${cell(say.month, spentText(view, sums.turnsMonth, sums.costMonth), 'number')}
      ${cell(say.lastUsed, lastUse(view, seen))}
    </tr>`
}

/** When a key was last used: sums know the hour. */
export function lastUse(view: View, { sums }: SeenKey): Html {
  if (sums.lastHour === undefined)
    return html`<span class="soft">${keyWords[view.language].never}</span>`
  return ago(view, Math.min(view.now, (sums.lastHour + 1) * HOUR_MS))
}

function firstHint(view: View): Html {
  const say = keyWords[view.language]
  return empty(
    say.emptyTitle,
    html`${say.emptyHint}<br><br><a class="button" href="/admin/keys/new">${say.add}</a>
      <br><br>${say.emptySnippet}${snippet(view, { secret: 'sk-groxy-…', model: 'grok-4' })}`,
  )
}

/** Asks whether keys are to be revoked, by their names. */
export function revokePart(
  view: View,
  {
    query,
    keys,
  }: {
    readonly query: string
    readonly keys: readonly { readonly id: string; readonly name: string }[]
  },
): Html {
  const say = keyWords[view.language]
  const more = keys.length - MOST_NAMES
  return html`
    <section class="card" role="alertdialog" aria-labelledby="revoke-title" tabindex="-1">
      <h2 id="revoke-title">${say.revokeTitle(keys.length)}</h2>
      <p>${keys
        .slice(0, MOST_NAMES)
        .map(({ name }) => name)
        .join(', ')}${more > 0 && html` ${say.andMore(more)}`}</p>
      <p class="soft">${say.revokeHint}</p>
      <form method="post" action="/admin/keys/bulk">
        <input type="hidden" name="query" value="${query}">
        ${keys.map(({ id }) => html`<input type="hidden" name="id" value="${id}">`)}
        ${row(
          button({
            text: say.revokeYes(keys.length),
            tone: 'danger',
            attributes: html`name="action" value="revoke-now" hx-post="/admin/keys/bulk" hx-target="#keys" hx-swap="outerHTML"`,
          }),
          html`<a class="button plain" href="${query}">${say.cancel}</a>`,
        )}
      </form>
    </section>`
}

const MOST_NAMES = 20
