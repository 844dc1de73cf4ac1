import type { HostHealth } from '../../pool/hosts'
import { type Html, html } from '../html'
import { shell } from '../shell'
import type { View } from '../view'
import { badge } from '../widgets/badge'
import { definitions } from '../widgets/definitions'
import { card, fold } from '../widgets/fold'
import { duration } from '../widgets/numbers'
import { cell, rowName, table } from '../widgets/table'
import { moment } from '../widgets/time'
import { databaseCard } from './database-page'
import type { Variable } from './environment'
import { instancesCard } from './instances-page'
import type { ShownJob } from './job-control'
import { jobsCard } from './jobs-page'
import type { SystemFacts } from './service'
import { upstreamsCard } from './upstreams-page'
import { systemWords } from './words'

interface Shown {
  readonly facts: SystemFacts
  readonly hasFile: boolean
  readonly jobs: readonly ShownJob[]
  readonly hosts: readonly HostHealth[]
}

/** `GET /admin/system` */
export function systemPage(view: View, { facts, hasFile, jobs, hosts }: Shown): Html {
  const say = systemWords[view.language]
  return shell(view, {
    title: say.title,
    main: html`
      <div class="columns">
        ${card(say.gateway, gatewayFacts(view, facts))}
        ${databaseCard(view, facts, hasFile)}
      </div>
      ${instancesCard(view, facts)}
      ${jobsCard(view, jobs)}
      ${upstreamsCard(view, hosts)}
      ${fold({ summary: say.environment, content: environment(view, facts.environment) })}
      ${card(
        say.elsewhere,
        html`<ul>
          <li><a href="/admin/audit">${say.audit}</a></li>
          <li><a href="/admin/access">${say.access}</a></li>
          <li><a href="/swagger">${say.docs}</a></li>
          <li><a href="/metrics">${say.metrics}</a></li>
        </ul>`,
      )}`,
  })
}

function gatewayFacts(view: View, facts: SystemFacts): Html {
  const say = systemWords[view.language]
  const { startedAt, media } = facts
  return html`
    ${definitions([
      [say.version, facts.version],
      [say.commit, facts.commit && html`<code>${facts.commit}</code>`],
      [say.runtime, facts.runtime],
      [say.started, startedAt && moment(view, startedAt)],
      [say.uptime, startedAt && duration(view, view.now - startedAt)],
      [say.instance, html`<code>${facts.instance}</code>`],
      [
        say.media,
        media.path
          ? say.mediaIn(media.path)
          : media.kind === 'bucket'
            ? say.mediaBucket
            : say.mediaDatabase,
      ],
      [say.news, say.newsSaid],
    ])}`
}

function environment(view: View, variables: readonly Variable[]): Html {
  const say = systemWords[view.language]
  return html`
    <p class="soft">${say.environmentSaid}</p>
    ${table({
      caption: say.environment,
      columns: [say.variable, say.value, say.state],
      empty: html``,
      rows: variables.map((one) => {
        const value = one.isSecret ? (one.isSet ? say.isSecret : undefined) : one.value
        return html`
          <tr>
            ${rowName(say.variable, html`<code>${one.name}</code>`)}
            ${cell(say.value, value ?? html`<span class="soft">–</span>`)}
            ${cell(
              say.state,
              html`${badge(originOf(view, one), 'quiet')}
              ${
                one.overridden !== undefined &&
                html`${badge(say.restart, 'warn')} <small>${say.overridden(one.overridden)}</small>`
              }`,
            )}
          </tr>`
      }),
    })}`
}

/** From where a variable has its value. */
function originOf(view: View, { isSet, value, default: usual }: Variable): string {
  const say = systemWords[view.language]
  if (isSet) return say.isSet
  if (value === undefined) return say.isFree
  return value === usual ? say.isUsual : say.isGiven
}
