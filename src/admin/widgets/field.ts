import { type Html, html } from '../html'

interface Labelled {
  readonly label: string
  readonly name: string
  /** What it is for, or what it takes. */
  readonly hint?: Html | string | undefined
  /** What is wrong with what was given. */
  readonly problem?: string | undefined
  /** Further attributes, such as `required` or `min="1"`. */
  readonly attributes?: Html | undefined
  /** Where a page has several fields of one name. */
  readonly id?: string | undefined
}

interface Field extends Labelled {
  readonly value?: string | number | null | undefined
  readonly type?:
    | 'text'
    | 'password'
    | 'number'
    | 'url'
    | 'search'
    | 'email'
    | 'date'
    | 'datetime-local'
    | 'file'
}

/** A labelled field of a form, with its hint and what is wrong with it. */
export const field = (given: Field): Html => {
  const { name, value, type = 'text' } = given
  return around(
    given,
    (told) =>
      html`<input id="${idOf(given)}" name="${name}" type="${type}" value="${value ?? ''}"${told}>`,
  )
}

interface TextArea extends Labelled {
  readonly value?: string | null | undefined
  readonly rows?: number
  /** Whether it is for code, keys and the like. */
  readonly isCode?: boolean
}

/** A labelled field for several lines. */
export const textArea = (given: TextArea): Html => {
  const { name, value, rows = 5, isCode } = given
  // The first line break within a textarea is no part of its value.
  return around(
    given,
    (told) =>
      html`<textarea id="${idOf(given)}" name="${name}" rows="${rows}"${isCode && html` class="mono" spellcheck="false" autocapitalize="off" autocomplete="off"`}${told}>${'\n'}${value ?? ''}</textarea>`,
  )
}

interface Choice extends Labelled {
  readonly value: string
  /** What is sent, and what is shown. */
  readonly options: readonly (readonly [value: string, text: string])[]
}

/** A labelled choice of one among few. */
export const choice = (given: Choice): Html => {
  const { name, value, options } = given
  return around(
    given,
    (told) => html`
      <select id="${idOf(given)}" name="${name}"${told}>
        ${options.map(
          ([one, text]) =>
            html`<option value="${one}"${one === value && html` selected`}>${text}</option>`,
        )}
      </select>`,
  )
}

interface Check extends Labelled {
  readonly checked: boolean
  /** What is sent while it is on; nothing is sent while it is off. */
  readonly value?: string
  /** Whether it is something that is on or off, rather than something that is chosen. */
  readonly isSwitch?: boolean
}

/** A box to be ticked, or a switch. */
export const check = (given: Check): Html => {
  const { label, name, checked, value = 'true', isSwitch, hint, problem } = given
  const id = idOf(given)
  return html`
    <div class="check">
      <input id="${id}" name="${name}" type="checkbox" value="${value}"${isSwitch && html` role="switch"`}${checked && html` checked`}${toldBy(given)}>
      <label for="${id}">${label}</label>
      ${hint && html`<small id="${id}-hint" class="soft">${hint}</small>`}
      ${problem && html`<small id="${id}-problem" class="bad">${problem}</small>`}
    </div>`
}

const idOf = ({ id, name }: Labelled): string => id ?? `field-${name}`

/** What a control has beside its own attributes: by what it is explained, and that it is wrong. */
function toldBy(given: Labelled): Html {
  const { hint, problem, attributes } = given
  const id = idOf(given)
  const told = [hint && `${id}-hint`, problem && `${id}-problem`].filter(Boolean).join(' ')
  return html`${told && html` aria-describedby="${told}"`}${problem && html` aria-invalid="true"`} ${attributes}`
}

function around(given: Labelled, control: (told: Html) => Html): Html {
  const { label, hint, problem } = given
  const id = idOf(given)
  return html`
    <div class="field">
      <label for="${id}">${label}</label>
      ${control(toldBy(given))}
      ${hint && html`<small id="${id}-hint">${hint}</small>`}
      ${problem && html`<small id="${id}-problem" class="bad">${problem}</small>`}
    </div>`
}
