import { type Html, html } from '../html'
import { shell } from '../shell'
import type { View } from '../view'
import { button } from '../widgets/button'
import { definitions } from '../widgets/definitions'
import { card } from '../widgets/fold'
import { message } from '../widgets/message'
import { count, money } from '../widgets/numbers'
import { stats } from '../widgets/stat'
import { ago, moment } from '../widgets/time'
import { row } from '../widgets/toolbar'
import { stateBadge, useBar } from './cells'
import { type FormState, limitFields, nameField, restFields } from './form-page'
import { lastUse } from './list-page'
import { keyPath } from './query'
import type { SeenKey } from './shown'
import { keyWords } from './words'

/** A key and the form that changes it. */
export interface KeyShown {
  readonly seen: SeenKey
  readonly form: FormState
  /** What the key was when the form was shown first. */
  readonly revision: number
  readonly isConflict?: boolean
}

/** Everything about one key. */
export const keyPage = (view: View, shown: KeyShown): Html =>
  shell(view, { title: shown.seen.key.name, main: keyPart(view, shown) })

/** The same as the part that changes with it. */
export function keyPart(view: View, { seen, form, revision, isConflict }: KeyShown): Html {
  const say = keyWords[view.language]
  const { key, isEnvironment, usage, sums } = seen
  const isFixed = isEnvironment || key.revokedAt !== null
  const time = (at: Date | null) =>
    at && html`${moment(view, at.getTime())} <span class="soft">(${ago(view, at.getTime())})</span>`
  return html`
    <div id="key" class="stack">
      ${row(
        html`<a class="button plain" href="/admin/keys">${say.back}</a>`,
        html`<a class="button plain" href="/admin/requests?key=${encodeURIComponent(key.id)}">${say.requestsOfIt}</a>`,
        !isFixed && actions(view, seen),
      )}
      ${isEnvironment && message('soft', say.environmentHint)}
      ${stats([
        {
          label: say.day,
          value: say.turns(count(view, sums.turnsDay)),
          note: money(view, sums.costDay),
        },
        {
          label: say.month,
          value: say.turns(count(view, sums.turnsMonth)),
          note: money(view, sums.costMonth),
        },
        {
          label: say.lastUsed,
          value: lastUse(view, seen),
          note: sums.lastHour !== undefined && say.hour,
        },
      ])}
      <div class="columns">
        ${card(
          '',
          definitions([
            [say.state, stateBadge(view, seen)],
            [say.secret, html`<code>${say.ends(key.hint)}</code>`],
            [say.id, html`<code>${key.id}</code>`],
            [say.created, isEnvironment ? undefined : time(key.createdAt)],
            [say.expires, time(key.expiresAt)],
            [say.revokedAt, time(key.revokedAt)],
          ]),
        )}
        ${card(
          say.usedNow,
          usage.length === 0
            ? html`<p class="soft">${say.nothingCounted}</p>`
            : usage.map(
                (use) =>
                  html`<div>${useBar(view, use)}${use.endsAt !== undefined && html`<small class="soft">${say.resets} ${ago(view, use.endsAt)}</small>`}</div>`,
              ),
        )}
      </div>
      ${
        !isFixed &&
        card(
          say.edit,
          html`
        ${isConflict && message('bad', html`${say.conflict} <a href="${keyPath(key.id)}">${say.lookAgain}</a>`)}
        <form method="post" action="${keyPath(key.id)}" hx-post="${keyPath(key.id)}" hx-target="#key" hx-swap="outerHTML">
          <input type="hidden" name="revision" value="${revision}">
          <input type="hidden" name="shown_expires_at" value="${form.values.shown_expires_at ?? form.values.expires_at}">
          ${nameField(view, form)}
          ${limitFields(view, form)}
          ${restFields(view, form)}
          ${row(button({ text: say.save }))}
        </form>`,
        )
      }
    </div>`
}

function actions(view: View, { key }: SeenKey): Html {
  const say = keyWords[view.language]
  const act = (name: string) =>
    html`hx-post="${keyPath(key.id)}/${name}" hx-target="#key" hx-swap="outerHTML"`
  const isOn = key.enabled
  return html`
    <form class="inline" method="post" action="${keyPath(key.id)}/${isOn ? 'disable' : 'enable'}">
      ${button({
        text: isOn ? say.disable : say.enable,
        tone: 'plain',
        attributes: act(isOn ? 'disable' : 'enable'),
      })}
    </form>
    ${button({
      text: say.revoke,
      tone: 'danger',
      type: 'button',
      attributes: html`${act('revoke')} hx-confirm="${say.revokeOne(key.name)}"`,
    })}`
}
