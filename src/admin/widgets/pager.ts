import { type Html, html } from '../html'
import type { View } from '../view'
import { widgetWords } from './words'

interface Pages {
  /** Where they are; absent at the end. */
  readonly previous?: string | undefined
  readonly next?: string | undefined
  /** What of how much is shown. */
  readonly shown?: string | undefined
}

/** Links to the pages before and after. */
export const pager = (view: View, { previous, next, shown }: Pages): Html => {
  const say = widgetWords[view.language]
  return html`
    <nav class="pager" aria-label="${say.pages}">
      ${previous && html`<a href="${previous}" rel="prev">${say.previous}</a>`}
      ${shown && html`<span>${shown}</span>`}
      ${next && html`<a href="${next}" rel="next">${say.next}</a>`}
    </nav>`
}
