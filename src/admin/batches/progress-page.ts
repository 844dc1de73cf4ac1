import { type Batch, hasEnded } from '../../jobs/batches'
import { FINDING_CODES } from '../../operator/account-finding'
import { findingWords } from '../accounts/finding-words'
import { type Html, html } from '../html'
import { shell } from '../shell'
import type { View } from '../view'
import { badge } from '../widgets/badge'
import { bar } from '../widgets/bar'
import { button } from '../widgets/button'
import { empty } from '../widgets/empty'
import { count } from '../widgets/numbers'
import { stats } from '../widgets/stat'
import { cell, rowName, table } from '../widgets/table'
import { moment } from '../widgets/time'
import { row } from '../widgets/toolbar'
import { progressWords } from './progress-words'

/** Where work on many accounts has a page of its own. */
export const batchPath = ({ id }: Pick<Batch, 'id'>): string =>
  `/admin/batches/${encodeURIComponent(id)}`

/** Work on many accounts, to be looked at for as long as it takes. */
export function batchPage(view: View, batch: Batch): Html {
  const say = progressWords[view.language]
  return shell(view, {
    title: titleOf(view, batch),
    main: html`
      ${batchPart(view, batch)}
      ${!hasEnded(batch) && html`<noscript><p><a href="${batchPath(batch)}">${say.reload}</a></p></noscript>`}
      ${row(
        html`<a href="/admin/batches">${say.list}</a>`,
        html`<a href="/admin/accounts">${say.accounts}</a>`,
      )}`,
  })
}

/** The same within another page. It follows the work until that has ended. */
export const batchPart = (view: View, batch: Batch): Html => html`
  <section class="card" tabindex="-1" aria-label="${titleOf(view, batch)}"
    ${!hasEnded(batch) && html`hx-sse:connect="${batchPath(batch)}/live" hx-sse:close="done" hx-swap="innerMorph"`}>
    ${progressPart(view, batch)}
  </section>`

const titleOf = (view: View, { kind }: Batch): string => {
  const say = progressWords[view.language]
  return kind === 'test' || kind === 'refresh' ? say[kind] : kind
}

const MOST_PROBLEMS = 50

/** How far it is, and what can be done about it. */
export function progressPart(view: View, batch: Batch): Html {
  const say = progressWords[view.language]
  const { done, total, good, problems } = batch
  const bad = done - good
  return html`
    <div class="row between">
      <h2><a href="${batchPath(batch)}">${titleOf(view, batch)}</a></h2>
      ${stateBadge(view, batch)}
    </div>
    ${bar({
      label: say.progress,
      share: total > 0 ? done / total : 1,
      text: say.of(count(view, done), count(view, total)),
    })}
    ${stats([
      { label: say.good, value: count(view, good), tone: 'good' },
      { label: say.bad, value: count(view, bad), ...(bad > 0 && { tone: 'bad' as const }) },
      { label: say.left, value: count(view, total - done) },
    ])}
    ${controls(view, batch)}
    ${
      problems.length > 0 &&
      table({
        caption: say.problems,
        columns: [say.account, say.reason],
        rows: problems.slice(0, MOST_PROBLEMS).map(
          ({ id, name, reason, code }) => html`
            <tr>
              ${rowName(say.account, html`<a href="/admin/accounts/${encodeURIComponent(id)}">${name}</a>`)}
              ${cell(say.reason, reasonPart(view, reason, code))}
            </tr>`,
        ),
        empty: html``,
      })
    }
    ${bad > Math.min(problems.length, MOST_PROBLEMS) && html`<p class="soft">${say.more(count(view, bad - Math.min(problems.length, MOST_PROBLEMS)))}</p>`}`
}

/** What is known of a problem in the language of the page, and the words of who said so. */
function reasonPart(view: View, reason: string, code = ''): Html {
  const say = progressWords[view.language]
  if (code === 'gone') return html`${say.gone}`
  if (code === 'barred') return html`${say.barred}<br><small class="soft">${reason}</small>`
  const known = FINDING_CODES.find((one) => one === code)
  if (!known) return html`${reason}`
  return html`${findingWords[view.language][known]}<br><small class="soft">${reason}</small>`
}

function stateBadge(view: View, { state, wanted }: Batch): Html {
  const say = progressWords[view.language]
  if (state === 'running' && wanted)
    return badge(wanted === 'pause' ? say.pausing : say.cancelling, 'warn')
  return badge(say[state], TONES[state])
}

const TONES = {
  waiting: 'quiet',
  running: 'good',
  paused: 'warn',
  done: 'good',
  failed: 'bad',
  cancelled: 'quiet',
} as const

function controls(view: View, batch: Batch): Html | false {
  const say = progressWords[view.language]
  const { state, wanted } = batch
  const act = (action: 'pause' | 'resume' | 'cancel', tone: 'plain' | 'danger') =>
    button({
      text: say[action],
      tone,
      attributes: html`id="batch-${action}" name="action" value="${action}"`,
    })
  const isStopped = state === 'paused' || state === 'failed' || wanted === 'pause'
  if (hasEnded(batch) && state !== 'failed') return false
  return html`
    <form method="post" action="${batchPath(batch)}" hx-post="${batchPath(batch)}" hx-target="closest section" hx-swap="outerHTML">
      ${row(act(isStopped ? 'resume' : 'pause', 'plain'), state !== 'failed' && act('cancel', 'danger'))}
    </form>`
}

/** All work on many accounts, the newest first. */
export function batchesPage(view: View, batches: readonly Batch[]): Html {
  const say = progressWords[view.language]
  return shell(view, {
    title: say.title,
    main: table({
      caption: say.title,
      columns: [say.began, say.what, say.state, say.progress, say.by],
      rows: batches.map(
        (batch) => html`
          <tr>
            ${rowName(say.began, html`<a href="${batchPath(batch)}">${moment(view, batch.createdAt)}</a>`)}
            ${cell(say.what, titleOf(view, batch))}
            ${cell(say.state, stateBadge(view, batch))}
            ${cell(say.progress, say.of(count(view, batch.done), count(view, batch.total)))}
            ${cell(say.by, batch.actor)}
          </tr>`,
      ),
      empty: empty(say.none, html`${say.noneHint} <a href="/admin/accounts">${say.accounts}</a>`),
    }),
  })
}
