import { type Content, type Html, html } from '../html'

interface Table {
  readonly caption: string
  /** What the columns are called; the first one names the row. An empty one is that of buttons. */
  readonly columns: readonly Content[]
  /** `<tr>`s whose cells carry `data-label`, by which they are read on a phone: see `cell`. */
  readonly rows: readonly Html[]
  readonly id?: string
  /** Shown instead of a table without rows. */
  readonly empty: Html
}

/** A table, which becomes a list of cards where there is no room. */
export const table = ({ caption, columns, rows, id, empty }: Table): Html =>
  rows.length === 0
    ? empty
    : html`
    <div class="table">
      <table>
        <caption>${caption}</caption>
        <thead><tr>${columns.map((name) => (name === '' ? html`<td></td>` : html`<th scope="col">${name}</th>`))}</tr></thead>
        <tbody${id && html` id="${id}"`}>${rows}</tbody>
      </table>
    </div>`

/** A cell, which says on a phone what it is; with an empty label it takes the whole line. */
export const cell = (label: string, content: Content, kind?: 'number'): Html =>
  html`<td data-label="${label}"${kind && html` class="${kind}"`}><div>${content}</div></td>`

/** The cell that names its row. */
export const rowName = (label: string, content: Content): Html =>
  html`<th scope="row" data-label="${label}"><div>${content}</div></th>`

/** What a column of numbers is called. */
export const numberHead = (name: string): Html => html`<span class="number">${name}</span>`
