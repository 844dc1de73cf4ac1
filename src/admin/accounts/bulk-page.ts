import { type Html, html } from '../html'
import type { View } from '../view'
import { button } from '../widgets/button'
import { count } from '../widgets/numbers'
import { row } from '../widgets/toolbar'
import type { AccountList } from './list'
import { accountWords } from './words'

/** What can be done to many accounts. */
export const BULK_ACTIONS = [
  'test',
  'refresh',
  'enable',
  'disable',
  'clear',
  'export',
  'delete',
] as const
export type BulkAction = (typeof BULK_ACTIONS)[number]

/** Buttons for the accounts that are ticked, or for all that fit. */
export function bulkBar(view: View, { total }: AccountList): Html {
  const say = accountWords[view.language]
  return html`
    <fieldset class="bulk">
      <legend>${say.withWhich}</legend>
      <div class="row">
        <label class="pick"><input type="checkbox" data-check-all="id"> ${say.selectPage}</label>
        <label class="pick"><input type="radio" name="which" value="ticked" checked> ${say.ticked}</label>
        <label class="pick"><input type="radio" name="which" value="all"> ${say.allThatFit(count(view, total))}</label>
      </div>
      ${row(
        BULK_ACTIONS.map((action) =>
          button({
            text: say[action],
            tone: action === 'delete' ? 'danger' : 'plain',
            isSmall: true,
            attributes: html`name="action" value="${action}"`,
          }),
        ),
      )}
    </fieldset>`
}

/** Accounts that something is to be done to: those of a list, or those with some ids. */
export interface Chosen {
  /** The address of the list. */
  readonly query: string
  /** Absent for all that fit. */
  readonly ids: readonly string[] | undefined
  readonly total: number
  /** The first of them. */
  readonly names: readonly string[]
}

/** The choice once more, for the form that follows. */
export const chosenFields = ({ query, ids }: Pick<Chosen, 'query' | 'ids'>): Html => html`
  <input type="hidden" name="query" value="${query}">
  <input type="hidden" name="which" value="${ids ? 'ticked' : 'all'}">
  ${ids?.map((id) => html`<input type="hidden" name="id" value="${id}">`)}`

/** Asks whether accounts are to be deleted, by their number and names. */
export function deletePart(view: View, chosen: Chosen): Html {
  const say = accountWords[view.language]
  const { names, total } = chosen
  const found = count(view, total)
  return html`
    <section class="card" role="alertdialog" aria-labelledby="delete-title" tabindex="-1">
      <h2 id="delete-title">${say.deleteTitle(found)}</h2>
      <p>${names.join(', ')}${total > names.length && html` ${say.andMore(total - names.length)}`}</p>
      <p class="soft">${say.deleteHint}</p>
      <form method="post" action="/admin/accounts/bulk" hx-post="/admin/accounts/bulk" hx-target="#work">
        ${chosenFields(chosen)}
        <input type="hidden" name="count" value="${total}">
        ${row(
          button({
            text: say.deleteYes(found),
            tone: 'danger',
            attributes: html`name="action" value="delete-now"`,
          }),
          html`<a class="button plain" href="${chosen.query}">${say.cancel}</a>`,
        )}
      </form>
    </section>`
}
