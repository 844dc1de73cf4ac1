import { type Html, html } from '../html'
import type { View } from '../view'
import { badge } from '../widgets/badge'
import { bar } from '../widgets/bar'
import { button } from '../widgets/button'
import { card } from '../widgets/fold'
import { count, duration } from '../widgets/numbers'
import { cell, rowName, table } from '../widgets/table'
import { ago } from '../widgets/time'
import { row } from '../widgets/toolbar'
import type { ShownJob } from './job-control'
import { systemWords } from './words'

const TONES = {
  running: 'good',
  done: 'quiet',
  failed: 'bad',
  cancelled: 'warn',
  interrupted: 'warn',
} as const

/** What a job does, in the language of who looks. */
const DOES = {
  models: 'models',
  accounts: 'accounts',
  cleaning: 'cleaning',
  media: 'mediaJob',
  quota: 'quota',
} as const satisfies Record<ShownJob['name'], string>

/** The background work, kept up to date while it is looked at. */
export const jobsCard = (view: View, jobs: readonly ShownJob[]): Html =>
  card(
    systemWords[view.language].jobs,
    html`<div id="jobs" hx-get="/admin/system/jobs" hx-trigger="tick" hx-swap="innerMorph" data-tick="3">${jobsTable(view, jobs)}</div>`,
  )

/** The same without what stays as it is. */
export function jobsTable(view: View, jobs: readonly ShownJob[]): Html {
  const say = systemWords[view.language]
  return table({
    caption: say.jobsCaption,
    columns: [say.job, say.state, say.progress, say.begun, say.note, ''],
    empty: html``,
    rows: jobs.map((job) => jobRow(view, job)),
  })
}

function jobRow(view: View, job: ShownJob): Html {
  const say = systemWords[view.language]
  const { name, state, wanted, done, total, startedAt, finishedAt } = job
  const isRunning = state === 'running'
  return html`
    <tr>
      ${rowName(say.job, html`<code>${name}</code> <small class="soft">${say[DOES[name]]}</small>`)}
      ${cell(
        say.state,
        row(
          badge(state ? say[state] : say.notYet, state ? TONES[state] : 'quiet'),
          wanted && badge(wanted === 'run' ? say.wantsRun : say.wantsCancel, 'warn'),
          !job.isOn && html`<a href="/admin/settings?q=${job.setting}">${say.off(job.setting)}</a>`,
        ),
      )}
      ${cell(
        say.progress,
        total > 0
          ? bar({
              label: `${say.progress}: ${name}`,
              share: done / total,
              text: `${count(view, done)} / ${count(view, total)}`,
            })
          : '–',
      )}
      ${cell(
        say.begun,
        startedAt !== undefined
          ? html`${ago(view, startedAt)}${finishedAt !== undefined && html`<br><small class="soft">${say.took(duration(view, finishedAt - startedAt))}</small>`}`
          : '–',
      )}
      ${cell(say.note, job.note ?? '–')}
      ${cell(
        '',
        button({
          text: isRunning ? say.cancel : say.run,
          tone: 'plain',
          type: 'button',
          isSmall: true,
          attributes: html` hx-post="/admin/system/jobs/${name}/${isRunning ? 'cancel' : 'run'}" hx-target="#jobs" hx-swap="innerMorph" aria-label="${isRunning ? say.cancel : say.run}: ${name}"`,
        }),
      )}
    </tr>`
}
