import { type Html, html } from '../html'
import type { View } from '../view'
import { setupWords } from './words'

const STEPS = ['stepPassword', 'stepAccount', 'stepTry'] as const

/** Where one is on the way to the first answer. */
export const steps = (view: View, current: (typeof STEPS)[number]): Html => {
  const say = setupWords[view.language]
  return html`
    <ol class="steps" aria-label="${say.steps}">
      ${STEPS.map(
        (step) => html`<li${step === current && html` aria-current="step"`}>${say[step]}</li>`,
      )}
    </ol>`
}
