import { type Content, type Html, html } from '../html'

/** Names and what they stand for, such as the fields of one object; what is absent is left out. */
export const definitions = (all: readonly (readonly [name: string, content: Content])[]): Html =>
  html`
  <dl class="definitions">
    ${all
      .filter(([, content]) => ![undefined, null, false, ''].includes(content as string))
      .map(([name, content]) => html`<dt>${name}</dt><dd>${content}</dd>`)}
  </dl>`
