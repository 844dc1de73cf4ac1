import { type Html, html } from '../html'
import type { View } from '../view'
import { button } from '../widgets/button'
import { empty } from '../widgets/empty'
import { field } from '../widgets/field'
import { message } from '../widgets/message'
import { count } from '../widgets/numbers'
import { cell, rowName, table } from '../widgets/table'
import { row } from '../widgets/toolbar'
import type { FormState } from './forms'
import { frame, pathWith } from './frame'
import { LONGEST_MODEL, type PriceObject } from './schema'
import { modelWords } from './words'

const PATH = '/admin/models/prices'

/** All prices that operators have set. */
export const pricesPage = (view: View, prices: readonly PriceObject[]): Html =>
  frame(view, 'prices', pricesPart(view, prices))

/** The part that changes when one is removed. */
export function pricesPart(view: View, prices: readonly PriceObject[]): Html {
  const say = modelWords[view.language]
  return html`
    <div id="prices" class="stack">
      <p class="soft">${say.pricesHint}</p>
      ${row(html`<a class="button" href="${PATH}/new">${say.addPrice}</a>`)}
      ${table({
        caption: `${say.prices}: ${say.priceHint}`,
        columns: [
          say.model,
          say.input,
          say.cached,
          say.output,
          say.longFrom,
          say.longInput,
          say.longCached,
          say.longOutput,
          '',
        ],
        rows: prices.map((price) => priceRow(view, price)),
        empty: empty(say.noPrices, say.noPricesHint),
      })}
    </div>`
}

function priceRow(view: View, price: PriceObject): Html {
  const say = modelWords[view.language]
  const amount = (label: string, value: number | null) =>
    cell(label, value === null ? html`<span class="soft">–</span>` : `$${value}`, 'number')
  const { model } = price
  return html`
    <tr>
      ${rowName(say.model, html`<a href="${pathWith(`${PATH}/edit`, 'model', model)}">${model}</a>`)}
      ${amount(say.input, price.input)}
      ${amount(say.cached, price.cached)}
      ${amount(say.output, price.output)}
      ${cell(say.longFrom, price.long_from === null ? html`<span class="soft">–</span>` : count(view, price.long_from), 'number')}
      ${amount(say.longInput, price.long_input)}
      ${amount(say.longCached, price.long_cached)}
      ${amount(say.longOutput, price.long_output)}
      ${cell(
        '',
        html`
        <form class="inline" method="post" action="${PATH}/remove">
          <input type="hidden" name="model" value="${model}">
          ${button({
            text: say.remove,
            tone: 'danger',
            isSmall: true,
            attributes: html`aria-label="${say.remove}: ${model}" hx-post="${PATH}/remove" hx-target="#prices" hx-swap="outerHTML" hx-confirm="${say.removePrice(model)}"`,
          })}
        </form>`,
      )}
    </tr>`
}

/** What a form for a price is about. */
interface PriceForm extends FormState {
  /** Of the price that is changed; absent for a new one. */
  readonly revision?: string | undefined
  readonly isConflict?: boolean
  /** Names of models, to choose from. */
  readonly models: readonly string[]
}

/** A page for setting or changing a price. */
export const pricePage = (view: View, form: PriceForm): Html =>
  frame(view, 'prices', pricePart(view, form))

/** The form of a price. */
export function pricePart(view: View, form: PriceForm): Html {
  const say = modelWords[view.language]
  const { values, revision, isConflict, models } = form
  const { model = '' } = values
  const isNew = revision === undefined
  const path = isNew ? PATH : `${PATH}/edit`
  const amount = (name: string, label: string, hint?: string) =>
    field({
      label,
      name,
      value: values[name],
      hint,
      problem: form.problems[name],
      attributes: html`inputmode="decimal" maxlength="20" autocomplete="off"`,
    })
  return html`
    <section class="card" id="price">
      <h2>${isNew ? say.addPrice : say.editPrice(model)}</h2>
      ${isConflict && message('bad', html`${say.conflict} <a href="${pathWith(`${PATH}/edit`, 'model', model)}">${say.lookAgain}</a>`)}
      <form method="post" action="${path}" hx-post="${path}" hx-target="#price" hx-swap="outerHTML">
        ${
          isNew
            ? html`
            ${field({
              label: say.model,
              name: 'model',
              value: model,
              problem: form.problems.model,
              attributes: html`required maxlength="${LONGEST_MODEL}" autocomplete="off" list="known-models"`,
            })}
            <datalist id="known-models">${models.map((id) => html`<option value="${id}"></option>`)}</datalist>`
            : html`<input type="hidden" name="model" value="${model}"><input type="hidden" name="revision" value="${revision}">`
        }
        <p class="soft">${say.priceHint}</p>
        <div class="fields">
          ${amount('input', say.input)}
          ${amount('cached', say.cached, say.asInput)}
          ${amount('output', say.output)}
        </div>
        ${amount('long_from', say.longFrom, say.longFromHint)}
        <div class="fields">
          ${amount('long_input', say.longInput, say.asShort)}
          ${amount('long_cached', say.longCached, say.asShort)}
          ${amount('long_output', say.longOutput, say.asShort)}
        </div>
        ${row(button({ text: isNew ? say.create : say.save }), html`<a class="button plain" href="${PATH}">${say.cancel}</a>`)}
      </form>
    </section>`
}
