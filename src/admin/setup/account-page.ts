import { type Html, html } from '../html'
import { bareShell } from '../shell'
import type { View } from '../view'
import { button } from '../widgets/button'
import { textArea } from '../widgets/field'
import { message } from '../widgets/message'
import { row } from '../widgets/toolbar'
import { steps } from './steps'
import { setupWords } from './words'

/** What became of what somebody pasted. */
export interface Outcome {
  readonly isGood: boolean
  /** What was found. */
  readonly told: Html
  /** An account that was kept although it does not work: what is sent next takes its place. */
  readonly replaces?: string | undefined
  /** A model that it can answer with. */
  readonly model?: string | undefined
}

export const ACCOUNT_PATH = '/admin/welcome'
export const KEY_PATH = '/admin/welcome/key'

/** The step that asks for an account. */
export function accountPage(view: View, count: number, outcome?: Outcome): Html {
  const say = setupWords[view.language]
  return bareShell(view, {
    title: say.addTitle,
    main: html`
      ${steps(view, 'stepAccount')}
      <p>${say.addWhy}</p>
      ${count > 0 && html`<p class="soft">${say.haveAccounts(count)}</p>`}
      <div id="step" class="stack">${outcome?.isGood ? goodPart(view, outcome) : accountForm(view, count, outcome)}</div>`,
  })
}

/** The same for htmx: on the page the text stays as it is, so that it is never sent back. */
export const outcomePart = (view: View, outcome: Outcome): Html =>
  outcome.isGood
    ? html`<hx-partial hx-target="#step" hx-swap="innerHTML">${goodPart(view, outcome)}</hx-partial>`
    : html`
      ${outcome.told}
      <hx-partial hx-target="#replaces" hx-swap="innerHTML">${replacing(outcome)}</hx-partial>
      ${outcome.replaces && html`<hx-partial hx-target="#on" hx-swap="innerHTML">${onward(view, 0, outcome)}</hx-partial>`}`

function goodPart(view: View, outcome: Outcome): Html {
  const { told, model } = outcome
  return html`
    <div class="card">
      ${told}
      <form method="post" action="${KEY_PATH}">
        <input type="hidden" name="model" value="${model ?? ''}">
        ${row(button({ text: setupWords[view.language].goOn, attributes: html`autofocus` }))}
      </form>
    </div>`
}

function accountForm(view: View, count: number, outcome?: Outcome): Html {
  const say = setupWords[view.language]
  return html`
    <form class="card" method="post" action="${ACCOUNT_PATH}" hx-post="${ACCOUNT_PATH}" hx-target="#outcome">
      ${textArea({
        label: say.paste,
        name: 'text',
        rows: 5,
        isCode: true,
        hint: say.pasteHint,
        attributes: html`required autofocus`,
      })}
      <div class="field">
        <label for="file">${say.file}</label>
        <input id="file" type="file" data-into="#field-text" accept=".json,.jsonl,.csv,.txt,.env,text/*,application/json">
      </div>
      ${row(
        button({ text: say.add }),
        html`<small class="soft htmx-indicator">${say.adding}</small>`,
        html`<span id="replaces">${outcome && replacing(outcome)}</span>`,
      )}
      <div id="outcome" class="stack" role="status" aria-live="polite" tabindex="-1">${outcome?.told}</div>
    </form>
    <div id="on">${onward(view, count, outcome)}</div>
    <p class="soft">${say.importMany}</p>`
}

const replacing = ({ replaces }: Outcome): Html =>
  html`${replaces && html`<input type="hidden" name="replaces" value="${replaces}">`}`

/** On to the next step without what this one asks for. */
function onward(view: View, count: number, outcome?: Outcome): Html {
  const say = setupWords[view.language]
  const text = outcome?.replaces ? say.goOnAnyway : count > 0 ? say.goOn : say.skip
  return html`<form method="post" action="${KEY_PATH}">${row(button({ text, tone: 'plain' }))}</form>`
}

/** What could not be taken in, and why. */
export const problemOf = (view: View, text: string): Outcome => ({
  isGood: false,
  told: message('bad', html`<strong>${setupWords[view.language].unreadable}</strong> ${text}`),
})
