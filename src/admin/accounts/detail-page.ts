import type { AccountFinding } from '../../operator/account-finding'
import type { LedgerRow } from '../../store/ledger-row'
import { type Html, html } from '../html'
import { shell } from '../shell'
import type { View } from '../view'
import { badge } from '../widgets/badge'
import { button } from '../widgets/button'
import { definitions } from '../widgets/definitions'
import { card, fold } from '../widgets/fold'
import { count, duration } from '../widgets/numbers'
import { cell, rowName, table } from '../widgets/table'
import { moment } from '../widgets/time'
import { row } from '../widgets/toolbar'
import {
  accountPath,
  conditionBadge,
  kindText,
  labelOf,
  quotaBar,
  reasonText,
  untilText,
} from './cells'
import { shownAddress } from './described'
import type { AccountView, DetailedAccount } from './detail'
import { detailWords } from './detail-words'
import { type Edited, editForm } from './edit-page'
import { findingPart } from './finding-part'
import { tagLink } from './list-page'
import { stateWords } from './state-words'
import { accountWords } from './words'

interface Told {
  /** What a test has just found. */
  readonly finding?: AccountFinding | undefined
  /** A change that did not come about. */
  readonly edited?: Edited
}

/** One account, with everything that may be shown of it. */
export function detailPage(
  view: View,
  shown: AccountView,
  { finding, edited = {} }: Told = {},
): Html {
  const { account } = shown
  const say = detailWords[view.language]
  return shell(view, {
    title: labelOf(account),
    main: html`
      <p><a href="/admin/accounts">← ${accountWords[view.language].back}</a></p>
      <div id="work"></div>
      ${nowPart(view, account, finding)}
      <div class="columns">
        ${card(say.about, aboutPart(view, account))}
        ${card(say.models, modelsPart(view, shown))}
      </div>
      ${!account.isOfEnvironment && card(say.edit, editForm(view, account, edited))}
      ${card(say.turns, turnsPart(view, shown))}
      ${!account.isOfEnvironment && card(say.changes, changesPart(view, shown))}
      ${!account.isOfEnvironment && deletePart(view, account)}`,
  })
}

/** How an account does now, and what can be done about it at once. */
export function nowPart(view: View, account: DetailedAccount, finding?: AccountFinding): Html {
  const say = detailWords[view.language]
  const called = stateWords[view.language]
  const { standing, isOfEnvironment, enabled } = account
  const { condition, rests, quotas, inFlight } = standing
  const { [`${condition}Hint` as keyof typeof called]: hint } = called
  return html`
    <section id="now" class="card" tabindex="-1">
      <h2>${say.now}</h2>
      <p>${conditionBadge(view, condition)} ${isOfEnvironment && badge(accountWords[view.language].environment, 'quiet')}</p>
      ${hint && html`<p class="soft">${hint}</p>`}
      ${isOfEnvironment && html`<p class="soft">${accountWords[view.language].environmentHint}</p>`}
      ${finding && findingPart(view, finding)}
      <form hx-post="${accountPath(account)}/act" hx-target="#now" hx-swap="outerHTML" method="post" action="${accountPath(account)}/act">
        ${row(
          act('test', say.testNow),
          !isOfEnvironment && act('refresh', say.refreshNow),
          !isOfEnvironment &&
            act(
              enabled ? 'disable' : 'enable',
              accountWords[view.language][enabled ? 'disable' : 'enable'],
            ),
          (rests.length > 0 || quotas.length > 0) &&
            act('clear', accountWords[view.language].clear),
        )}
      </form>
      ${table({
        caption: say.rests,
        columns: [say.scope, say.state, say.reason, say.until],
        rows: rests.map(
          (rest) => html`
            <tr>
              ${rowName(say.scope, rest.scope || say.whole)}
              ${cell(say.state, conditionBadge(view, rest.state))}
              ${cell(say.reason, reasonText(view, rest.reason))}
              ${cell(say.until, untilText(view, rest))}
            </tr>`,
        ),
        empty: html`<p class="soft">${say.nothingHeld}</p>`,
      })}
      <h3>${say.quotas}</h3>
      ${
        quotas.length > 0
          ? html`<div class="fields">${quotas.map((quota) => quotaBar(view, quota, true))}</div>`
          : html`<p class="soft">${say.noQuotas}</p>`
      }
      <p class="soft">${accountWords[view.language].inFlight}: ${count(view, inFlight)}</p>
    </section>`
}

const act = (action: string, text: string): Html =>
  button({ text, tone: 'plain', attributes: html`name="action" value="${action}"` })

function aboutPart(view: View, account: DetailedAccount): Html {
  const say = detailWords[view.language]
  const all = accountWords[view.language]
  const { hint, maxInFlight, requestsPerMinute, headerNames, cookieNames, tags } = account
  const limit = (most: number | null) => (most === null ? say.noLimit : count(view, most))
  const hidden = (names: readonly string[]) =>
    names.length > 0 &&
    html`<code>${names.join(', ')}</code> <small class="soft">(${say.valuesHidden})</small>`
  return definitions([
    [all.kind, kindText(view, account)],
    [say.baseUrl, html`<code>${shownAddress(account.baseUrl)}</code>`],
    [say.secret, hint && `…${hint}`],
    [say.weight, count(view, account.weight)],
    [say.atOnce, limit(maxInFlight)],
    [say.perMinute, limit(requestsPerMinute)],
    [say.api, account.kind !== 'web' && (account.api ?? say.usual)],
    [
      say.proxy,
      account.proxyName &&
        html`<code>${account.proxyName}</code> <small class="soft">(${account.hasOwnProxy ? say.ownProxy : say.kindProxy})</small>`,
    ],
    [say.headers, hidden(headerNames)],
    [say.cookies, hidden(cookieNames)],
    [all.tags, tags?.map((tag) => html`${tagLink(tag)} `)],
    [all.note, account.note],
    [say.created, account.createdAt && moment(view, account.createdAt)],
  ])
}

const FIRST_MODELS = 20

function modelsPart(view: View, { models, modelsAt, account }: AccountView): Html {
  const say = detailWords[view.language]
  if (!models) return html`<p class="soft">${say.noModels}</p>`
  const links = models.map((id) => html`<li><code>${id}</code></li>`)
  return html`
    <p class="soft">${account.models ? say.modelsNamed : html`${say.modelsAsked}${modelsAt && html`, ${moment(view, modelsAt)}`}`}</p>
    <ul>${links.slice(0, FIRST_MODELS)}</ul>
    ${links.length > FIRST_MODELS && fold({ summary: say.moreModels(links.length), content: html`<ul>${links.slice(FIRST_MODELS)}</ul>` })}`
}

function turnsPart(view: View, { turns, account }: AccountView): Html {
  const say = detailWords[view.language]
  return html`
    ${table({
      caption: say.turnsHint,
      columns: [say.at, say.model, say.outcome, say.took],
      rows: turns.map(
        (turn) => html`
          <tr>
            ${rowName(say.at, html`<a href="/admin/requests/${encodeURIComponent(turn.requestId)}">${moment(view, turn.at)}</a>`)}
            ${cell(say.model, turn.model)}
            ${cell(say.outcome, outcomeText(view, turn, account.id))}
            ${cell(say.took, duration(view, turn.totalMs), 'number')}
          </tr>`,
      ),
      empty: html`<p class="soft">${say.noTurns} ${say.turnsHint}</p>`,
    })}`
}

/** What became of a turn here; where another account gave the answer, why this one did not. */
function outcomeText(view: View, turn: LedgerRow, id: string): Html {
  const say = detailWords[view.language]
  const { outcome, accountId, attemptLog, status } = turn
  if (accountId === id)
    return html`${badge(say[outcome], TONES[outcome])} ${status !== 200 && String(status)}`
  const own = attemptLog?.findLast(({ account }) => account === id)
  const why = [own?.status, own?.says ?? own?.fault].filter(Boolean).join(' ')
  return html`${badge(say.elsewhere, 'warn')} <small>${why}</small>`
}

const TONES = { done: 'good', failed: 'bad', broken: 'bad', gone: 'quiet' } as const

function changesPart(view: View, { changes }: AccountView): Html {
  const say = detailWords[view.language]
  return table({
    caption: say.changes,
    columns: [say.at, say.who, say.what],
    rows: changes.map(
      ({ at, actor, action, after }) => html`
        <tr>
          ${rowName(say.at, moment(view, at))}
          ${cell(say.who, actor)}
          ${cell(say.what, html`<code>${action}</code> ${Object.keys(after ?? {}).join(', ')}`)}
        </tr>`,
    ),
    empty: html`<p class="soft">${say.noChanges}</p>`,
  })
}

function deletePart(view: View, account: DetailedAccount): Html {
  const say = detailWords[view.language]
  const label = labelOf(account)
  return fold({
    summary: say.delete,
    content: html`
      <p>${say.deleteHint(label)}</p>
      <form method="post" action="${accountPath(account)}/act">
        ${button({ text: say.deleteYes(label), tone: 'danger', attributes: html`name="action" value="delete"` })}
      </form>`,
  })
}
