import { type Html, html } from '../html'

/** What is shown where nothing is there yet: why, and what to do next. */
export const empty = (title: string, next: Html | string): Html =>
  html`<div class="empty"><p><strong>${title}</strong></p><p>${next}</p></div>`
