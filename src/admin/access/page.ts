import type { AdminSession } from '../../store/admin-sessions'
import type { AdminToken } from '../../store/admin-tokens'
import type { OwnView } from '../handlers'
import { type Html, html } from '../html'
import { badge } from '../widgets/badge'
import { copyable } from '../widgets/copy'
import { empty } from '../widgets/empty'
import { field } from '../widgets/field'
import { cell, table } from '../widgets/table'
import { moment } from '../widgets/time'
import { browserName } from './browser'
import { accessWords } from './words'

interface Shown {
  readonly sessions: readonly AdminSession[]
  readonly tokens: readonly AdminToken[]
  /** Whether the environment says what the password is. */
  readonly isFixed: boolean
}

/** Who may administer this gateway. */
export const accessPage = (view: OwnView, { sessions, tokens, isFixed }: Shown): Html => {
  const say = accessWords[view.language]
  return html`
    <p>${say.intro}</p>
    <p><a href="/admin/audit">${say.audit}</a></p>
    ${sessionsPart(view, sessions)}
    ${passwordPart(view, isFixed)}
    ${tokensPart(view, tokens)}`
}

/** Who is logged in, to be replaced as a whole. */
export const sessionsPart = (view: OwnView, sessions: readonly AdminSession[]): Html => {
  const say = accessWords[view.language]
  return html`
    <section class="card" id="sessions" aria-labelledby="sessions-title">
      <h2 id="sessions-title">${say.sessions}</h2>
      ${table({
        caption: say.sessionsCaption,
        columns: [say.browser, say.address, say.since, say.lastUse, say.end],
        rows: sessions.map((one) => sessionRow(view, one)),
        empty: empty(say.noSessions, ''),
      })}
      ${
        sessions.length > 1 &&
        html`<button type="button" hx-post="/admin/access/sessions/end-others" hx-target="#sessions" hx-swap="outerHTML"
          hx-confirm="${say.endOthersConfirm}">${say.endOthers}</button>`
      }
    </section>`
}

const sessionRow = (view: OwnView, session: AdminSession): Html => {
  const say = accessWords[view.language]
  const name = browserName(session.agent) ?? say.unknown
  const isOwn = session.id === view.operator.id
  return html`
    <tr>
      <th scope="row" title="${session.agent ?? ''}">${name} <small>${session.id}</small> ${isOwn && badge(say.current, 'good')}</th>
      ${cell(say.address, session.address ?? say.unknown)}
      ${cell(say.since, moment(view, session.createdAt))}
      ${cell(say.lastUse, moment(view, session.seenAt))}
      ${cell(
        say.end,
        isOwn
          ? html``
          : html`<button type="button" class="danger" hx-post="/admin/access/sessions/${encodeURIComponent(session.id)}/end" hx-target="#sessions"
              hx-swap="outerHTML" hx-confirm="${say.endConfirm(`${name} (${session.id})`)}">${say.end}</button>`,
      )}
    </tr>`
}

/** What is wrong with the fields of a form, by their names. */
export type Problems = Readonly<Record<string, string | undefined>>

/** The form that changes the password, or why there is none. */
export const passwordPart = (view: OwnView, isFixed: boolean, problems: Problems = {}): Html => {
  const say = accessWords[view.language]
  return html`
    <section class="card" id="password" aria-labelledby="password-title">
      <h2 id="password-title">${say.password}</h2>
      ${
        isFixed
          ? html`<p>${say.passwordFixed}</p>`
          : html`
      <form hx-post="/admin/access/password" hx-target="#password" hx-swap="outerHTML">
        <input type="text" name="username" value="admin" autocomplete="username" hidden>
        ${field({
          label: say.present,
          name: 'current',
          type: 'password',
          problem: problems.current,
          attributes: html`required maxlength="200" autocomplete="current-password"`,
        })}
        ${field({
          label: say.wanted,
          name: 'password',
          type: 'password',
          hint: say.wantedHint,
          problem: problems.password,
          attributes: html`required minlength="8" maxlength="200" autocomplete="new-password"`,
        })}
        <button>${say.change}</button>
      </form>`
      }
    </section>`
}

interface NewTokenForm {
  readonly name?: string
  readonly days?: string
  readonly problems?: Problems
  /** One that was made just now. */
  readonly secret?: string
}

/** The tokens and a form for another, to be replaced as a whole. */
export const tokensPart = (
  view: OwnView,
  tokens: readonly AdminToken[],
  { name = '', days = '', problems = {}, secret }: NewTokenForm = {},
): Html => {
  const say = accessWords[view.language]
  return html`
    <section class="card" id="tokens" aria-labelledby="tokens-title">
      <h2 id="tokens-title">${say.tokens}</h2>
      <p>${say.tokensIntro}</p>
      ${secret && html`<div role="status"><p>${say.createdNow}</p>${copyable(view, { id: 'new-token', text: secret, what: say.token })}</div>`}
      ${table({
        caption: say.tokensCaption,
        columns: [say.name, say.token, say.created, say.expires, say.lastUse, say.revoke],
        rows: tokens.map((one) => tokenRow(view, one)),
        empty: empty(say.noTokens, say.noTokensNext),
      })}
      <form hx-post="/admin/access/tokens" hx-target="#tokens" hx-swap="outerHTML">
        ${field({
          label: say.name,
          name: 'name',
          value: name,
          problem: problems.name,
          attributes: html`required maxlength="80" autocomplete="off"`,
        })}
        ${field({
          label: say.days,
          name: 'days',
          type: 'number',
          value: days,
          hint: say.daysHint,
          problem: problems.days,
          attributes: html`min="1" max="3650"`,
        })}
        <button>${say.create}</button>
      </form>
    </section>`
}

const tokenRow = (view: OwnView, token: AdminToken): Html => {
  const say = accessWords[view.language]
  const isOver = token.expiresAt !== null && token.expiresAt <= view.now
  return html`
    <tr>
      <th scope="row">${token.name}</th>
      ${cell(say.token, html`<code>…${token.hint}</code>`)}
      ${cell(say.created, moment(view, token.createdAt))}
      ${cell(
        say.expires,
        token.expiresAt === null
          ? say.forever
          : html`${moment(view, token.expiresAt)} ${isOver && badge(say.expired, 'warn')}`,
      )}
      ${cell(say.lastUse, token.seenAt === null ? say.never : moment(view, token.seenAt))}
      ${cell(
        say.revoke,
        html`<button type="button" class="danger" hx-post="/admin/access/tokens/${encodeURIComponent(token.id)}/revoke" hx-target="#tokens"
          hx-swap="outerHTML" hx-confirm="${say.revokeConfirm(token.name)}">${say.revoke}</button>`,
      )}
    </tr>`
}
