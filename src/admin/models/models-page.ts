import type { Price } from '../../store/prices'
import type { OwnView } from '../handlers'
import { type Html, html } from '../html'
import type { View } from '../view'
import { badge } from '../widgets/badge'
import { empty } from '../widgets/empty'
import { field } from '../widgets/field'
import { card } from '../widgets/fold'
import { count } from '../widgets/numbers'
import { pager } from '../widgets/pager'
import { cell, rowName, table } from '../widgets/table'
import { filters } from '../widgets/toolbar'
import type { ModelCatalog, SeenModel } from './catalog'
import { frame, pathWith } from './frame'
import { whyText } from './shown'
import { modelWords } from './words'

/** How many models a page shows. */
export const PAGE = 100

/** What a page of models is made from. */
export interface ModelListing {
  readonly search: string
  readonly page: number
  readonly found: Awaited<ReturnType<ModelCatalog['list']>>
  /** What was searched for, where it is no model. */
  readonly missing: SeenModel | undefined
  /** Kinds of accounts, the one that is asked first first. */
  readonly kinds: readonly string[]
}

/** What there is to ask, who serves it, and what it costs. */
export function modelsPage(view: OwnView, listing: ModelListing): Html {
  const say = modelWords[view.language]
  const { search, page, found, missing, kinds } = listing
  const at = (next: number) =>
    `/admin/models?${new URLSearchParams({ ...(search && { search }), page: String(next) })}`
  return frame(
    view,
    'models',
    html`
    ${filters(view, {
      action: '/admin/models',
      fields: field({
        label: say.search,
        name: 'search',
        type: 'search',
        value: search,
        attributes: html`maxlength="200" placeholder="${say.searchHint}"`,
      }),
    })}
    ${missing && whyCard(view, missing)}
    ${table({
      caption: say.caption(count(view, found.total)),
      columns: [say.name, say.servedBy, say.upstream, say.costClass, say.context, say.price],
      rows: found.models.map((model) => modelRow(view, model)),
      empty: search
        ? empty(say.nothingFits(search), html`<a href="/admin/models">${say.showAll}</a>`)
        : empty(
            say.none,
            html`${say.noneHint} <a href="/admin/accounts/new">${say.addAccount}</a>`,
          ),
    })}
    ${pager(view, {
      previous: page > 1 ? at(page - 1) : undefined,
      next: found.hasMore ? at(page + 1) : undefined,
    })}
    <p class="soft"><small>${say.priorities} ${kinds.join(' → ')}. <a href="/admin/settings">${say.changePriorities}</a></small></p>`,
  )
}

/** Why something is no model, where somebody has looked for it. */
function whyCard(view: View, { id, whyNot }: SeenModel): Html {
  const say = modelWords[view.language]
  return card(
    say.whyTitle(id),
    html`<ul>${whyNot.map((why) => html`<li>${whyText(view.language, why)}</li>`)}</ul>`,
  )
}

function modelRow(view: View, model: SeenModel): Html {
  const say = modelWords[view.language]
  const { id, isListed, alsoCalled, route, costClass, contextLength, whyNot } = model
  return html`
    <tr>
      ${rowName(
        say.name,
        html`
          <span>${route ? html`<a href="${pathWith('/admin/models/aliases/edit', 'name', id)}">${id}</a>` : id}</span>
          ${route && badge(say.alias, 'quiet')}
          ${!isListed && badge(say.notListed, 'warn')}
          ${alsoCalled.length > 0 && html`<br><small class="soft">${say.alsoCalled(alsoCalled.join(', '))}</small>`}`,
      )}
      ${cell(say.servedBy, isListed ? servingLinks(view, model) : whyNot.map((why) => html`<small class="warn">${whyText(view.language, why)}</small> `))}
      ${cell(say.upstream, html`<small class="mono">${model.upstreamName}</small>`)}
      ${cell(say.costClass, costClass === undefined ? NOTHING : html`<span title="${say.unitsHint}">${say.units(costClass)}</span>`)}
      ${cell(say.context, contextLength === undefined ? NOTHING : count(view, contextLength), 'number')}
      ${cell(say.price, priceCell(view, model))}
    </tr>`
}

const NOTHING = html`<span class="soft">–</span>`

/** Each kind leads to its accounts. */
const servingLinks = (view: View, { serving }: SeenModel): Html => {
  const say = modelWords[view.language]
  return html`${serving.map(
    ({ kind, accounts, ready }) =>
      html`<div><a href="/admin/accounts?kind=${kind}">${kind}</a> <small class="${ready > 0 ? 'soft' : 'warn'}">${say.ready(count(view, ready), count(view, accounts))}</small></div>`,
  )}`
}

function priceCell(view: View, { id, price, priceSource }: SeenModel): Html {
  const say = modelWords[view.language]
  if (!price)
    return html`<a href="${pathWith('/admin/models/prices/new', 'model', id)}">${say.setPrice}</a>`
  const isOwn = priceSource === 'operator'
  const path = pathWith(
    isOwn ? '/admin/models/prices/edit' : '/admin/models/prices/new',
    'model',
    id,
  )
  return html`${priceText(view, price)}<br><small class="soft"><a href="${path}">${isOwn ? say.ofOperator : say.ofUpstream}</a></small>`
}

/** A price in short. */
export function priceText(view: View, price: Price): Html {
  const say = modelWords[view.language]
  const dollars = (value: number) => `$${value}`
  const { input, output, cached, longFrom } = price
  return html`
    <span>${say.inOut(dollars(input), dollars(output))}</span>
    ${cached !== null && html`<br><small>${say.cachedShort(dollars(cached))}</small>`}
    ${longFrom !== null && html`<br><small>${say.longShort(count(view, longFrom), dollars(price.longInput ?? input), dollars(price.longOutput ?? output))}</small>`}`
}
