import { type Html, html } from '../html'
import { shell } from '../shell'
import type { View } from '../view'
import { badge } from '../widgets/badge'
import { chart } from '../widgets/chart'
import { card } from '../widgets/fold'
import { count, duration, money, percent } from '../widgets/numbers'
import { stats } from '../widgets/stat'
import { cell, numberHead, rowName, table } from '../widgets/table'
import type { Attention } from './attention'
import { attentionAdvice, attentionTitles } from './attention-words'
import type { PoolHealth } from './pool-health'
import type { Overview, Top } from './service'
import { meanOf, succeeded, successOf, type Traffic } from './traffic'
import { overviewWords } from './words'

/** How the gateway does; it renews itself while somebody looks. */
export const overviewPage = (view: View, overview: Overview): Html =>
  shell(view, {
    title: overviewWords[view.language].title,
    main: html`
      <div id="overview" class="parts" data-tick="10" hx-get="/admin/overview" hx-trigger="tick" hx-swap="innerMorph">
        ${overviewPart(view, overview)}
      </div>
      <p class="soft"><small>${overviewWords[view.language].refreshed}</small></p>`,
  })

/** What changes of the page. */
export const overviewPart = (view: View, overview: Overview): Html => html`
  ${attentionPart(view, overview.attention)}
  ${figures(view, overview)}
  <div class="columns">
    ${charts(view, overview.traffic)}
  </div>
  ${poolPart(view, overview.pool)}
  <div class="columns">
    ${topPart(view, 'key', overview.topKeys)}
    ${topPart(view, 'model', overview.topModels)}
  </div>`

function attentionPart(view: View, all: readonly Attention[]): Html {
  const say = overviewWords[view.language]
  if (all.length === 0) return html`<p id="attention" class="message good">${say.allWell}</p>`
  return html`
    <section id="attention" class="card" aria-labelledby="attention-title">
      <h2 id="attention-title">${say.attention}</h2>
      <ul class="attention">${all.map((one) => attentionRow(view, one))}</ul>
    </section>`
}

function attentionRow(
  view: View,
  { what, level, count: many, about, says, path }: Attention,
): Html {
  const title = attentionTitles[view.language][what](count(view, many), about)
  return html`
    <li class="${level}">
      <p><a href="${path}">${title}</a></p>
      ${says && html`<p><q>${says}</q></p>`}
      <p class="soft"><small>${attentionAdvice[view.language][what]}</small></p>
    </li>`
}

function figures(view: View, { traffic, latency }: Overview): Html {
  const say = overviewWords[view.language]
  const { today, yesterday, day, dayBefore } = traffic
  const success = successOf(day)
  const successBefore = successOf(dayBefore)
  const mean = meanOf(day)
  const time = (ms: number | undefined) => (ms === undefined ? '–' : duration(view, ms))
  const tone = success === undefined ? {} : { tone: toneOf(success) }
  return html`<section aria-label="${say.traffic}">${stats([
    {
      label: `${say.turns}, ${say.lastDay}`,
      value: count(view, day.turns),
      note: say.before(count(view, dayBefore.turns)),
    },
    {
      label: `${say.turns}, ${say.today}`,
      value: count(view, today.turns),
      note: say.yesterday(count(view, yesterday.turns)),
    },
    {
      label: `${say.success}, ${say.lastDay}`,
      value: success === undefined ? '–' : percent(view, success),
      note: html`${say.successNote}${successBefore !== undefined && html`; ${say.before(percent(view, successBefore))}`}`,
      ...tone,
    },
    {
      label: say.latency,
      value: time(latency.p50),
      note: html`${say.percentiles(time(latency.p95), count(view, latency.turns))}; ${say.mean(time(mean))}`,
    },
    {
      label: say.firstByte,
      value: time(latency.firstByteP50),
      note: say.percentiles(time(latency.firstByteP95), count(view, latency.turns)),
    },
    {
      label: `${say.input}, ${say.lastDay}`,
      value: count(view, day.inputTokens),
      note: html`${say.tokensNote(count(view, today.inputTokens))}; ${say.before(count(view, dayBefore.inputTokens))}`,
    },
    {
      label: `${say.output}, ${say.lastDay}`,
      value: count(view, day.outputTokens),
      note: html`${say.tokensNote(count(view, today.outputTokens))}; ${say.before(count(view, dayBefore.outputTokens))}`,
    },
    {
      label: say.cost,
      value: money(view, day.costTicks),
      note: say.before(money(view, dayBefore.costTicks)),
    },
    {
      label: say.costToday,
      value: money(view, today.costTicks),
      note: say.yesterday(money(view, yesterday.costTicks)),
    },
  ])}</section>`
}

const toneOf = (success: number): 'good' | 'warn' | 'bad' => {
  if (success >= 0.99) return 'good'
  return success >= 0.9 ? 'warn' : 'bad'
}

const HOUR_MS = 3_600_000

function charts(view: View, { hours, days }: Traffic): Html {
  const say = overviewWords[view.language]
  const hourName = (hour: number) =>
    new Date(hour * HOUR_MS + view.zoneMinutes * 60_000).toISOString().slice(11, 16)
  const barOf = (label: string, sums: Traffic['today']) => ({
    label,
    good: succeeded(sums),
    bad: sums.failures,
  })
  return html`
    <section class="card">${chart(view, {
      id: 'hours',
      title: say.hours,
      span: say.hour,
      bars: hours.map(({ hour, ...sums }) => barOf(hourName(hour), sums)),
    })}</section>
    <section class="card">${chart(view, {
      id: 'days',
      title: say.days,
      span: say.day,
      bars: days.map(({ day, sums }) => barOf(day.slice(5), sums)),
    })}</section>`
}

const RESTING = ['full', 'down', 'cooling', 'exhausted', 'suspect', 'expired', 'disabled'] as const

function poolPart(view: View, pool: readonly PoolHealth[]): Html {
  const say = overviewWords[view.language]
  const rows = pool.map(({ kind, tier, accounts, states, reasons }) => {
    const why = RESTING.filter((state) => states[state]).map(
      (state) =>
        html`<div>${badge(`${say[`states_${state}`]} ${count(view, states[state] ?? 0)}`, GRAVE.has(state) ? 'bad' : 'warn')}${reasons[state] && html` <small class="soft">${reasons[state]}</small>`}</div>`,
    )
    const resting = RESTING.reduce((sum, state) => sum + (states[state] ?? 0), 0)
    const name = tier === undefined ? kind : `${kind} · ${tier}`
    const search = `?kind=${encodeURIComponent(kind)}${tier === undefined ? '' : `&tier=${encodeURIComponent(tier)}`}`
    return html`
      <tr>
        ${rowName(say.kind, kind === 'demo' ? name : html`<a href="/admin/accounts${search}">${name}</a>`)}
        ${cell(say.all, count(view, accounts), 'number')}
        ${cell(say.ready, count(view, states.ready ?? 0), 'number')}
        ${cell(say.resting, count(view, resting), 'number')}
        ${cell(say.off, count(view, states.off ?? 0), 'number')}
        ${cell(say.why, why.length > 0 ? why : '–')}
      </tr>`
  })
  return card(
    say.pool,
    table({
      caption: say.poolCaption,
      columns: [say.kind, ...[say.all, say.ready, say.resting, say.off].map(numberHead), say.why],
      rows,
      empty: html`<p class="soft">${say.noPool}</p>`,
    }),
  )
}

const GRAVE: ReadonlySet<string> = new Set(['expired', 'disabled', 'down'])

/** Keys that are no rows have no page of their own. */
const PAGELESS: ReadonlySet<string> = new Set(['env', 'playground'])

function topPart(view: View, by: 'key' | 'model', tops: readonly Top[]): Html {
  const say = overviewWords[view.language]
  const title = by === 'key' ? say.topKeys : say.topModels
  const link = ({ name, shown }: Top) => {
    if (shown === undefined) return say.deleted(name.slice(0, 8))
    if (by === 'model')
      return html`<a href="/admin/requests?model=${encodeURIComponent(name)}&amp;since=24h">${shown}</a>`
    return PAGELESS.has(name)
      ? shown
      : html`<a href="/admin/keys/${encodeURIComponent(name)}">${shown}</a>`
  }
  return card(
    '',
    table({
      caption: title,
      columns: [
        by === 'key' ? say.key : say.model,
        ...[say.turns, say.failed, say.costShort].map(numberHead),
      ],
      rows: tops.map(
        (top) => html`
          <tr>
            ${rowName(by === 'key' ? say.key : say.model, link(top))}
            ${cell(say.turns, count(view, top.turns), 'number')}
            ${cell(say.failed, count(view, top.failures), 'number')}
            ${cell(say.costShort, money(view, top.costTicks), 'number')}
          </tr>`,
      ),
      empty: html`<p><strong>${title}</strong></p><p class="soft">${say.quiet}</p>`,
    }),
  )
}
