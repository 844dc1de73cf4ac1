import { type Html, html } from '../html'

interface Tab {
  readonly href: string
  readonly text: string
  readonly isCurrent: boolean
}

/** Views of one subject, a page each. */
export const tabs = (label: string, links: readonly Tab[]): Html => html`
  <nav class="tabs" aria-label="${label}">
    ${links.map(
      ({ href, text, isCurrent }) =>
        html`<a href="${href}"${isCurrent && html` aria-current="page"`}>${text}</a>`,
    )}
  </nav>`
