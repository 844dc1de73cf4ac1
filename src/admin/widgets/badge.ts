import { type Html, html } from '../html'

/** A state in a word. Its colour only repeats what the word says. */
export const badge = (text: string, tone: 'good' | 'warn' | 'bad' | 'quiet'): Html =>
  html`<span class="badge ${tone}">${text}</span>`
