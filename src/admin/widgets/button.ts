import { type Html, html } from '../html'

interface Button {
  readonly text: string
  /** `danger` for what cannot be undone. */
  readonly tone?: 'main' | 'plain' | 'danger'
  readonly type?: 'submit' | 'button'
  readonly isSmall?: boolean
  /** Such as `hx-post`, `hx-confirm`, `name` and `value`. */
  readonly attributes?: Html
}

/** A button. */
export const button = (given: Button): Html => {
  const { text, tone = 'main', type = 'submit', isSmall, attributes } = given
  const names = [tone !== 'main' && tone, isSmall && 'small'].filter(Boolean).join(' ')
  return html`<button type="${type}"${names && html` class="${names}"`} ${attributes}>${text}</button>`
}
