import { type Content, type Html, html } from '../html'

/** Something that a page says for as long as it is so: see `notice` for what has just happened. */
export const message = (tone: 'good' | 'warn' | 'bad' | 'soft', content: Content): Html =>
  html`<p class="message ${tone}">${content}</p>`
