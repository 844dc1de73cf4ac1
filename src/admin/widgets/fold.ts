import { type Content, type Html, html } from '../html'

interface Fold {
  readonly summary: Content
  readonly content: Content
  readonly isOpen?: boolean
  readonly id?: string
}

/** What not everybody wants to see at once: a form for adding something, or more about something. */
export const fold = ({ summary, content, isOpen, id }: Fold): Html => html`
  <details class="fold"${id && html` id="${id}"`}${isOpen && html` open`}>
    <summary>${summary}</summary>
    <div>${content}</div>
  </details>`

/** A part of a page that belongs together. */
export const card = (title: Content, content: Content): Html => html`
  <section class="card">
    ${title && html`<h2>${title}</h2>`}
    ${content}
  </section>`
