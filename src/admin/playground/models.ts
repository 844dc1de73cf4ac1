import { type Html, html } from '../html'
import type { View } from '../view'
import type { Part } from './page'
import { playgroundWords } from './words'

interface ModelChoice {
  readonly label: string
  readonly models: readonly string[]
  readonly model: string
  readonly part: Part
}

/** By their names nobody knows for certain what models make; but what is likely is at hand. */
const MAKES: readonly (readonly [part: Part, name: RegExp])[] = [
  ['video', /video|film|sora|veo\b/i],
  ['image', /imag|picture|dall-?e|flux|diffusion|draw/i],
]

const partOf = (model: string): Part => MAKES.find(([, name]) => name.test(model))?.[0] ?? 'chat'

/** A choice among all models, with those first that are likely to make what is wanted. */
export function modelChoice(view: View, { label, models, model, part }: ModelChoice): Html {
  const say = playgroundWords[view.language]
  const fitting = models.filter((one) => partOf(one) === part)
  const others = models.filter((one) => partOf(one) !== part)
  const option = (one: string) =>
    html`<option value="${one}"${one === model && html` selected`}>${one}</option>`
  const group = (name: string, some: readonly string[]) =>
    some.length > 0 && html`<optgroup label="${name}">${some.map(option)}</optgroup>`
  return html`
    <div class="field">
      <label for="field-model">${label}</label>
      <select id="field-model" name="model">
        ${part !== 'chat' && html`<option value="">${say.usual}</option>`}
        ${group(say.fitting, fitting)}
        ${group(say.others, others)}
      </select>
    </div>`
}
