import { type Content, type Html, html } from '../html'
import type { View } from '../view'
import { widgetWords } from './words'

interface Filters {
  /** The page that they filter. */
  readonly action: string
  /** `field`s and `choice`s. */
  readonly fields: Content
  /** What follows the button. */
  readonly more?: Content
  /** What they are for, where a page has several. */
  readonly label?: string
}

/** Filters of a list: they are in the page's address, and work without scripts. */
export const filters = (view: View, { action, fields, more, label }: Filters): Html => {
  const say = widgetWords[view.language]
  return html`
    <form class="toolbar" role="search" method="get" action="${action}" aria-label="${label ?? say.filter}">
      ${fields}
      <button class="plain">${say.filter}</button>
      ${more}
    </form>`
}

/** Buttons side by side. */
export const row = (...content: readonly Content[]): Html => html`<div class="row">${content}</div>`
