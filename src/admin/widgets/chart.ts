import { type Html, html } from '../html'
import type { View } from '../view'
import { chartWords } from './chart-words'
import { fold } from './fold'
import { count } from './numbers'
import { cell, numberHead, rowName, table } from './table'

/** What happened in one span of time. */
export interface ChartBar {
  /** The span, as the table of the same numbers calls it. */
  readonly label: string
  readonly good: number
  readonly bad: number
}

interface Chart {
  /** Unlike that of any other chart of the page. */
  readonly id: string
  readonly title: string
  /** What one bar is: `Hour`, `Day`. */
  readonly span: string
  readonly bars: readonly ChartBar[]
}

const HEIGHT = 100
const WIDTH = 10
const GAP = 2

/** Successes and failures over time, as bars, and the same numbers as a table. */
export function chart(view: View, { id, title, span, bars }: Chart): Html {
  const say = chartWords[view.language]
  const highest = Math.max(1, ...bars.map(({ good, bad }) => good + bad))
  const [good, bad] = [sumOf(bars, 'good'), sumOf(bars, 'bad')]
  return html`
  <figure class="chart">
    <figcaption>
      <span id="${id}-title">${title}</span>
      <small class="soft">${say.highest(count(view, highest))}</small>
    </figcaption>
    <svg role="img" aria-labelledby="${id}-title ${id}-desc" viewBox="0 0 ${bars.length * WIDTH} ${HEIGHT}" preserveAspectRatio="none">
      <desc id="${id}-desc">${say.described(count(view, good), count(view, bad), bars.length)}</desc>
      ${bars.map((one, at) => bar(view, one, at, highest))}
    </svg>
    <div class="axis soft" aria-hidden="true">
      <small>${bars[0]?.label}</small>
      <small>${bars[bars.length >> 1]?.label}</small>
      <small>${bars.at(-1)?.label}</small>
    </div>
    <div class="legend"><small class="good">${say.good}</small><small class="bad">${say.bad}</small></div>
    ${fold({
      id: `${id}-numbers`,
      summary: say.numbers,
      content: table({
        caption: title,
        columns: [span, numberHead(say.good), numberHead(say.bad)],
        rows: bars.map(
          (one) =>
            html`<tr>${rowName(span, one.label)}${cell(say.good, count(view, one.good), 'number')}${cell(say.bad, count(view, one.bad), 'number')}</tr>`,
        ),
        empty: html``,
      }),
    })}
  </figure>`
}

const sumOf = (bars: readonly ChartBar[], what: 'good' | 'bad'): number =>
  bars.reduce((sum, bar) => sum + bar[what], 0)

/** What failed stands on top; what is there at all is to be seen. */
function bar(view: View, { label, good, bad }: ChartBar, at: number, highest: number): Html {
  const [low, high] = [heightOf(good, highest), heightOf(bad, highest)]
  const say = chartWords[view.language]
  const x = at * WIDTH + GAP / 2
  return html`<g>
        <title>${label}: ${say.both(count(view, good), count(view, bad))}</title>
        <rect class="space" x="${at * WIDTH}" y="0" width="${WIDTH}" height="${HEIGHT}"/>
        ${low > 0 && html`<rect class="good" x="${x}" y="${HEIGHT - low}" width="${WIDTH - GAP}" height="${low}"/>`}
        ${high > 0 && html`<rect class="bad" x="${x}" y="${Math.max(0, HEIGHT - low - high)}" width="${WIDTH - GAP}" height="${high}"/>`}
      </g>`
}

const LEAST = 2

const heightOf = (value: number, highest: number): number =>
  value === 0 ? 0 : Math.max(LEAST, Math.round((value / highest) * HEIGHT * 10) / 10)

/** A part of something that took time. */
export interface TimePart {
  readonly label: string
  readonly ms: number
  /** As told to people. */
  readonly text: string
  readonly tone: 'good' | 'bad' | 'quiet'
}

/** What something took its time with, one part after the other; `id` is unlike any other of the page. */
export function timeBar(id: string, title: string, parts: readonly TimePart[]): Html {
  const whole = Math.max(
    1,
    parts.reduce((sum, { ms }) => sum + ms, 0),
  )
  const starts = parts.map((_, at) => parts.slice(0, at).reduce((sum, { ms }) => sum + ms, 0))
  const placeOf = (ms: number) => Math.round((ms / whole) * 10_000) / 10
  return html`
  <figure class="chart time">
    <svg role="img" aria-labelledby="${id}-title ${id}-desc" viewBox="0 0 1000 10" preserveAspectRatio="none">
      <title id="${id}-title">${title}</title>
      <desc id="${id}-desc">${parts.map(({ label, text }) => `${label}: ${text}`).join('; ')}</desc>
      ${parts.map(
        ({ ms, tone }, at) =>
          html`<rect class="${tone}" x="${placeOf(starts[at] ?? 0)}" y="0" width="${Math.max(1, placeOf(ms) - 2)}" height="10"/>`,
      )}
    </svg>
    <figcaption class="legend">
      ${parts.map(({ label, text, tone }) => html`<small class="${tone}">${label}: ${text}</small>`)}
    </figcaption>
  </figure>`
}
