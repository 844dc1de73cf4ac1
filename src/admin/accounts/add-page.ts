import type { AccountFinding } from '../../operator/account-finding'
import { ACCOUNT_KINDS } from '../../store/schema'
import { type Html, html } from '../html'
import { shell } from '../shell'
import type { View } from '../view'
import { choice, field, textArea } from '../widgets/field'
import { card, fold } from '../widgets/fold'
import { row } from '../widgets/toolbar'
import { addWords } from './add-words'
import { accountPath, labelOf } from './cells'
import { findingPart } from './finding-part'
import type { ShownAccount } from './shown'
import { stateWords } from './state-words'

/** What somebody has typed beside what is secret, and what is wrong with it. */
export interface Pasted {
  readonly kind?: string | undefined
  readonly name?: string | undefined
  readonly baseUrl?: string | undefined
  readonly problem?: { readonly field: string; readonly text: string } | undefined
}

/** The form that takes whatever somebody has of an account. */
export function pasteForm(view: View, { kind, name, baseUrl, problem }: Pasted): Html {
  const say = addWords[view.language]
  const called = stateWords[view.language]
  const wrong = (at: string) => (problem?.field === at ? problem.text : undefined)
  return html`
    <form id="paste" method="post" action="/admin/accounts/new" hx-post="/admin/accounts/new" hx-target="#paste" hx-swap="outerHTML">
      ${textArea({
        label: say.paste,
        name: 'text',
        rows: 4,
        isCode: true,
        hint: say.pasteHint,
        problem: wrong('text'),
        attributes: html`required maxlength="1000000"`,
      })}
      ${fold({
        summary: say.more,
        isOpen: Boolean(kind || name || baseUrl),
        content: html`
          <div class="fields">
            ${choice({
              label: say.kind,
              name: 'kind',
              value: kind ?? '',
              options: [['', say.find], ...ACCOUNT_KINDS.map((one) => [one, called[one]] as const)],
            })}
            ${field({ label: say.name, name: 'name', value: name, hint: say.nameHint, problem: wrong('name'), attributes: html`maxlength="80"` })}
            ${field({ label: say.baseUrl, name: 'base_url', type: 'url', value: baseUrl, hint: say.baseUrlHint, problem: wrong('base_url') })}
          </div>`,
      })}
      <button>${say.submit}</button>
    </form>`
}

export const addPage = (view: View, pasted: Pasted): Html =>
  shell(view, {
    title: addWords[view.language].title,
    main: card(
      '',
      html`${pasteForm(view, pasted)}<p><a href="/admin/accounts/import">${addWords[view.language].manyTitle}</a></p>`,
    ),
  })

/** An account that was just added, with what its test has found. */
export function addedPart(
  view: View,
  account: Pick<ShownAccount, 'id' | 'kind' | 'name'>,
  finding: AccountFinding,
): Html {
  const say = addWords[view.language]
  return html`
    <div id="paste" class="card">
      <h2>${say.added(labelOf(account))}</h2>
      ${findingPart(view, finding)}
      ${row(
        html`<a class="button" href="${accountPath(account)}">${say.open}</a>`,
        html`<a class="button plain" href="/admin/accounts/new">${say.another}</a>`,
      )}
    </div>`
}
