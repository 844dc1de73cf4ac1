import { ROUTE_REFUSALS } from '../../store/aliases'
import { type Html, html } from '../html'
import type { View } from '../view'
import { badge } from '../widgets/badge'
import { button } from '../widgets/button'
import { empty } from '../widgets/empty'
import { check, choice, field, textArea } from '../widgets/field'
import { message } from '../widgets/message'
import { cell, rowName, table } from '../widgets/table'
import { row } from '../widgets/toolbar'
import type { FormState } from './forms'
import { frame, pathWith } from './frame'
import { type AliasObject, LONGEST_MODEL } from './schema'
import { modelWords } from './words'

const PATH = '/admin/models/aliases'

/** All aliases. */
export const aliasesPage = (view: View, aliases: readonly AliasObject[]): Html =>
  frame(view, 'aliases', aliasesPart(view, aliases))

/** The part that changes when one is removed. */
export function aliasesPart(view: View, aliases: readonly AliasObject[]): Html {
  const say = modelWords[view.language]
  return html`
    <div id="aliases" class="stack">
      <p class="soft">${say.aliasesHint}</p>
      ${row(html`<a class="button" href="${PATH}/new">${say.addAlias}</a>`)}
      ${table({
        caption: say.aliases,
        columns: [say.aliasName, say.mode, say.targets, say.state, ''],
        rows: aliases.map((alias) => aliasRow(view, alias)),
        empty: empty(say.noAliases, say.noAliasesHint),
      })}
    </div>`
}

function aliasRow(view: View, alias: AliasObject): Html {
  const say = modelWords[view.language]
  const { name, mode, targets, also, listed, unknown_models: unknown, hides_model } = alias
  return html`
    <tr>
      ${rowName(say.aliasName, html`<a href="${pathWith(`${PATH}/edit`, 'name', name)}">${name}</a>`)}
      ${cell(
        say.mode,
        html`${say[mode]}${
          also.length > 0 &&
          html`<br><small class="soft">${say.alsoShort}: ${ROUTE_REFUSALS.filter((one) =>
            also.includes(one),
          )
            .map((one) => say[one])
            .join(', ')}</small>`
        }`,
      )}
      ${cell(
        say.targets,
        html`<ol class="plain">${targets.map(({ model, weight }) => html`<li><span class="mono">${model}</span>${mode === 'split' && html` <small class="soft">× ${weight ?? 1}</small>`}</li>`)}</ol>`,
      )}
      ${cell(
        say.state,
        html`${listed ? badge(say.listed, 'good') : badge(say.notListed, 'warn')}
          ${unknown.length > 0 && html`<br><small class="warn">${say.unknownModels(unknown.join(', '))}</small>`}
          ${hides_model && html`<br><small class="warn">${say.hidesModel}</small>`}`,
      )}
      ${cell('', removeButton(view, name))}
    </tr>`
}

function removeButton(view: View, name: string): Html {
  const say = modelWords[view.language]
  return html`
    <form class="inline" method="post" action="${PATH}/remove">
      <input type="hidden" name="name" value="${name}">
      ${button({
        text: say.remove,
        tone: 'danger',
        isSmall: true,
        attributes: html`aria-label="${say.remove}: ${name}" hx-post="${PATH}/remove" hx-target="#aliases" hx-swap="outerHTML" hx-confirm="${say.removeAlias(name)}"`,
      })}
    </form>`
}

/** What a form for an alias is about. */
interface AliasForm extends FormState {
  /** Of the alias that is changed; absent for a new one. */
  readonly revision?: string | undefined
  readonly isConflict?: boolean
}

/** A page for making or changing an alias. */
export const aliasPage = (view: View, form: AliasForm): Html =>
  frame(view, 'aliases', aliasPart(view, form))

/** The form of an alias. */
export function aliasPart(view: View, { values, problems, revision, isConflict }: AliasForm): Html {
  const say = modelWords[view.language]
  const { name = '' } = values
  const isNew = revision === undefined
  const path = isNew ? PATH : `${PATH}/edit`
  return html`
    <section class="card" id="alias">
      <h2>${isNew ? say.addAlias : say.editAlias(name)}</h2>
      ${isConflict && message('bad', html`${say.conflict} <a href="${pathWith(`${PATH}/edit`, 'name', name)}">${say.lookAgain}</a>`)}
      <form method="post" action="${path}" hx-post="${path}" hx-target="#alias" hx-swap="outerHTML">
        ${
          isNew
            ? field({
                label: say.aliasName,
                name: 'name',
                value: name,
                hint: say.aliasNameHint,
                problem: problems.name,
                attributes: html`required maxlength="${LONGEST_MODEL}" autocomplete="off"`,
              })
            : html`<input type="hidden" name="name" value="${name}"><input type="hidden" name="revision" value="${revision}">`
        }
        ${problems.name && !isNew && message('bad', problems.name)}
        ${choice({
          label: say.mode,
          name: 'mode',
          value: values.mode ?? 'order',
          options: [
            ['order', say.order],
            ['split', say.split],
          ],
        })}
        ${textArea({
          label: say.targets,
          name: 'targets',
          value: values.targets,
          rows: 4,
          isCode: true,
          hint: say.targetsHint,
          problem: problems.targets,
          attributes: html`required`,
        })}
        <fieldset>
          <legend>${say.also}</legend>
          ${ROUTE_REFUSALS.map((refusal) => check({ label: say[refusal], name: refusal, checked: values[refusal] !== undefined }))}
        </fieldset>
        ${row(button({ text: isNew ? say.create : say.save }), html`<a class="button plain" href="${PATH}">${say.cancel}</a>`)}
      </form>
    </section>`
}
