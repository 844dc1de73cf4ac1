import { type Html, html } from '../html'
import type { View } from '../view'
import { widgetWords } from './words'

interface Copyable {
  /** Unlike any other of the page. */
  readonly id: string
  readonly text: string
  /** What is copied: pages have several such buttons, and who does not see them hears only their names. */
  readonly what: string
}

/** A text to be copied, with a button that does so. */
export const copyable = (view: View, { id, text, what }: Copyable): Html => html`
  <div class="copyable">
    <pre tabindex="0"><code id="${id}">${text}</code></pre>
    <button type="button" class="plain" data-copy="#${id}" data-copied="${widgetWords[view.language].copied}">${widgetWords[view.language].copy}<span class="hidden-text"> ${what}</span></button>
  </div>`
