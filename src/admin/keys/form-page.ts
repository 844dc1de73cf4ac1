import { type Html, html } from '../html'
import { shell } from '../shell'
import type { View } from '../view'
import { button } from '../widgets/button'
import { check, field, textArea } from '../widgets/field'
import { row } from '../widgets/toolbar'
import { type FormValues, isMoney, LIMIT_FIELDS, type Problems } from './form'
import { matchesPart } from './matches'
import { PRESET_LIMITS, PRESETS, type Preset } from './presets'
import { LONGEST_NAME, MOST_KEYS } from './schema'
import { keyWords } from './words'

/** What a form shows, and what is wrong with it. */
export interface FormState {
  readonly values: FormValues
  readonly problems: Problems
  /** What the fields of models are matched against. */
  readonly models: readonly string[]
}

/** A page for making keys. */
export const newPage = (view: View, state: FormState): Html =>
  shell(view, { title: keyWords[view.language].newTitle, main: newPart(view, state) })

/** The part that becomes the secrets of what was made. */
export function newPart(view: View, state: FormState): Html {
  const say = keyWords[view.language]
  const { values } = state
  return html`
    <section class="card" id="new-key">
      <form method="post" action="/admin/keys" hx-post="/admin/keys" hx-target="#new-key" hx-swap="outerHTML">
        <div class="fields">
          ${nameField(view, state)}
          ${field({
            label: say.count,
            name: 'count',
            type: 'number',
            value: values.count ?? '1',
            hint: say.countHint(MOST_KEYS),
            problem: problemText(view, state, 'count'),
            attributes: html`min="1" max="${MOST_KEYS}"`,
          })}
        </div>
        ${presets(view)}
        ${limitFields(view, state)}
        ${restFields(view, state)}
        ${row(button({ text: say.create }), html`<a class="button plain" href="/admin/keys">${say.cancel}</a>`)}
      </form>
    </section>`
}

/** What a preset means, from the numbers that it sets. */
function presetText(view: View, preset: Preset): string {
  const say = keyWords[view.language]
  const said = {
    unlimited: say.presetUnlimited,
    recommended: say.presetRecommended,
    small: say.presetSmall,
  }
  const limits = LIMIT_FIELDS.flatMap((name) => {
    const amount = PRESET_LIMITS[preset][name]
    return amount === undefined ? [] : [`${say[name]} ${amount}`]
  })
  return [said[preset], limits.join(' · ')].filter(Boolean).join(' ')
}

const presets = (view: View): Html => {
  const say = keyWords[view.language]
  return html`
    <fieldset>
      <legend>${say.preset}</legend>
      ${PRESETS.map(
        (preset) => html`
          <div>
            <a class="button plain small" href="/admin/keys/new?preset=${preset}" hx-get="/admin/keys/limits?preset=${preset}" hx-target="#limits" hx-swap="outerHTML" aria-describedby="preset-${preset}">${say[preset]}</a>
            <small class="soft" id="preset-${preset}">${presetText(view, preset)}</small>
          </div>`,
      )}
    </fieldset>`
}

/** The fields of limits alone: a preset replaces them. */
export function limitFields(view: View, state: FormState): Html {
  const say = keyWords[view.language]
  return html`
    <fieldset id="limits">
      <legend>${say.limits}</legend>
      <p class="soft"><small>${say.limitsHint}</small></p>
      <div class="fields">
        ${LIMIT_FIELDS.map((name) =>
          field({
            label: say[name],
            name,
            value: state.values[name],
            hint: name === 'heavy_per_day' ? say.heavyHint : undefined,
            problem: problemText(view, state, name),
            attributes: html`inputmode="${isMoney(name) ? 'decimal' : 'numeric'}" maxlength="20" autocomplete="off"`,
          }),
        )}
      </div>
    </fieldset>`
}

/** The name of a key. */
export const nameField = (view: View, state: FormState): Html =>
  field({
    label: keyWords[view.language].name,
    name: 'name',
    value: state.values.name,
    problem: problemText(view, state, 'name'),
    attributes: html`required maxlength="${LONGEST_NAME}" autocomplete="off"`,
  })

/** Models, rescue and expiry. */
export function restFields(view: View, state: FormState): Html {
  const say = keyWords[view.language]
  const { values, models } = state
  return html`
    <div class="fields">
      <div class="stack">
        ${textArea({
          label: say.models,
          name: 'models',
          value: values.models,
          rows: 3,
          isCode: true,
          hint: say.modelsHint,
          problem: problemText(view, state, 'models'),
          attributes: html`hx-get="/admin/keys/matches" hx-trigger="input changed delay:300ms" hx-target="#matches" hx-swap="outerHTML"`,
        })}
        ${matchesPart(view, values.models, models)}
      </div>
      ${field({
        label: say.expiry,
        name: 'expires_at',
        type: 'datetime-local',
        value: values.expires_at,
        hint: say.expiryHint(zoneText(view.zoneMinutes)),
        problem: problemText(view, state, 'expires_at'),
      })}
      ${check({ label: say.rescue, name: 'rescue', value: 'buffer', checked: values.rescue === 'buffer', hint: say.rescueHint })}
    </div>`
}

function problemText(view: View, { problems }: FormState, name: string): string | undefined {
  const problem = problems[name]
  if (!problem) return undefined
  const said = keyWords[view.language][problem]
  return typeof said === 'string' ? said : said(name === 'count' ? MOST_KEYS : LONGEST_NAME)
}

/** `UTC+08:00`. */
function zoneText(minutes: number): string {
  const size = Math.abs(minutes)
  const two = (number: number) => String(number).padStart(2, '0')
  return `UTC${minutes < 0 ? '-' : '+'}${two(Math.floor(size / 60))}:${two(size % 60)}`
}
