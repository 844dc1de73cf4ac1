import { type Html, html } from '../html'

interface Field {
  readonly label: string
  readonly name: string
  readonly value?: string | number | null | undefined
  readonly type?: 'text' | 'password' | 'number' | 'url' | 'search' | 'email' | 'datetime-local'
  /** What it is for, or what it takes. */
  readonly hint?: Html | string | undefined
  /** What is wrong with what was given. */
  readonly problem?: string | undefined
  /** Further attributes, such as `required` or `min="1"`. */
  readonly attributes?: Html | undefined
}

/** A labelled field of a form, with its hint and what is wrong with it. */
export const field = (given: Field): Html => {
  const { label, name, value, type = 'text', hint, problem, attributes } = given
  const id = `field-${name}`
  const told = [hint && `${id}-hint`, problem && `${id}-problem`].filter(Boolean).join(' ')
  return html`
    <div class="field">
      <label for="${id}">${label}</label>
      <input id="${id}" name="${name}" type="${type}" value="${value ?? ''}"${told && html` aria-describedby="${told}"`}${problem && html` aria-invalid="true"`} ${attributes}>
      ${hint && html`<small id="${id}-hint">${hint}</small>`}
      ${problem && html`<small id="${id}-problem" class="bad">${problem}</small>`}
    </div>`
}

interface Choice {
  readonly label: string
  readonly name: string
  readonly value: string
  /** What is sent, and what is shown. */
  readonly options: readonly (readonly [value: string, text: string])[]
  readonly hint?: Html | string | undefined
}

/** A labelled choice of one among few. */
export const choice = ({ label, name, value, options, hint }: Choice): Html => html`
    <div class="field">
      <label for="field-${name}">${label}</label>
      <select id="field-${name}" name="${name}"${hint && html` aria-describedby="field-${name}-hint"`}>
        ${options.map(
          ([one, text]) =>
            html`<option value="${one}"${one === value && html` selected`}>${text}</option>`,
        )}
      </select>
      ${hint && html`<small id="field-${name}-hint">${hint}</small>`}
    </div>`
