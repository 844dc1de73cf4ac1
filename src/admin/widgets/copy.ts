import { type Html, html } from '../html'
import type { View } from '../view'
import { widgetWords } from './words'

/** A text to be copied, with a button that does so. */
export const copyable = (view: View, id: string, text: string): Html => html`
  <div class="copyable">
    <pre tabindex="0"><code id="${id}">${text}</code></pre>
    <button type="button" class="plain" data-copy="#${id}" data-copied="${widgetWords[view.language].copied}">${widgetWords[view.language].copy}</button>
  </div>`
