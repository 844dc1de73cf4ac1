import type { InstanceRow } from '../../store/instances'
import { type Html, html } from '../html'
import type { View } from '../view'
import { badge } from '../widgets/badge'
import { empty } from '../widgets/empty'
import { card } from '../widgets/fold'
import { message } from '../widgets/message'
import { cell, rowName, table } from '../widgets/table'
import { ago } from '../widgets/time'
import type { SystemFacts } from './service'
import { systemWords } from './words'

/** Who shares the database. */
export function instancesCard(view: View, { instances, instance }: SystemFacts): Html {
  const say = systemWords[view.language]
  const versions = new Set(instances.map(({ version }) => version))
  return card(
    say.instances,
    html`
      ${versions.size > 1 && message('warn', say.versionsDiffer)}
      ${table({
        caption: say.instancesCaption,
        columns: [say.instance, say.state, say.version, say.runtime, say.runningSince, say.seen],
        empty: empty(say.noInstances, say.noInstancesSaid),
        rows: instances.map((one) => instanceRow(view, one, one.name === instance)),
      })}`,
  )
}

function instanceRow(view: View, one: InstanceRow, isThis: boolean): Html {
  const say = systemWords[view.language]
  const { name, host, process, state, version, runtime, startedAt, seenAt } = one
  const place = [host, process !== null && say.process(String(process))].filter(Boolean).join(', ')
  return html`
    <tr>
      ${rowName(
        say.instance,
        html`<code>${name.slice(0, 8)}</code> ${isThis && badge(say.thisOne, 'quiet')}
          <small class="soft">${place}</small>`,
      )}
      ${cell(say.state, state === 'draining' ? badge(say.draining, 'warn') : badge(say.serving, 'good'))}
      ${cell(say.version, version)}
      ${cell(say.runtime, runtime)}
      ${cell(say.runningSince, ago(view, startedAt))}
      ${cell(say.seen, ago(view, seenAt))}
    </tr>`
}
