import { type Content, type Html, html } from '../html'

interface Bar {
  /** What is measured, for who does not see it. */
  readonly label: string
  /** From 0 to 1; absent while nobody knows. */
  readonly share?: number | undefined
  /** The same in words: `12 of 20`. */
  readonly text: Content
  readonly tone?: 'warn' | 'bad' | undefined
}

/** How much of something is done, used or left. */
export const bar = ({ label, share, text, tone }: Bar): Html => html`
  <div class="bar">
    <progress aria-label="${label}" max="100"${share !== undefined && html` value="${Math.round(Math.min(Math.max(share, 0), 1) * 100)}"`}${tone && html` class="${tone}"`}></progress>
    <small>${text}</small>
  </div>`
