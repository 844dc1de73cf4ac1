import { type Content, type Html, html } from '../html'

interface Stat {
  readonly label: string
  readonly value: Content
  /** What it is made of, or how it was before. */
  readonly note?: Content
  readonly tone?: 'good' | 'warn' | 'bad'
}

/** Figures that are to be seen at a glance. */
export const stats = (all: readonly Stat[]): Html => html`
  <dl class="stats">
    ${all.map(
      ({ label, value, note, tone }) => html`
        <div class="stat">
          <dt>${label}</dt>
          <dd class="value${tone && ` ${tone}`}">${value}</dd>
          ${note && html`<dd class="soft"><small>${note}</small></dd>`}
        </div>`,
    )}
  </dl>`
