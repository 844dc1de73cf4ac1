import type { HostHealth } from '../../pool/hosts'
import { type Html, html } from '../html'
import type { View } from '../view'
import { badge } from '../widgets/badge'
import { button } from '../widgets/button'
import { empty } from '../widgets/empty'
import { card } from '../widgets/fold'
import { count, duration } from '../widgets/numbers'
import { cell, numberHead, rowName, table } from '../widgets/table'
import { ago } from '../widgets/time'
import { shownText } from './environment'
import type { Look } from './upstreams'
import { systemWords } from './words'

/** How the upstreams do. */
export function upstreamsCard(view: View, hosts: readonly HostHealth[]): Html {
  const say = systemWords[view.language]
  return card(
    say.upstreams,
    html`
      <div id="upstreams">${upstreamsTable(view, hosts)}</div>
      ${
        hosts.length > 0 &&
        html`<form hx-post="/admin/system/upstreams/look" hx-target="#upstreams">
          <p class="soft">${say.lookSaid}</p>
          ${button({ text: say.look, tone: 'plain' })}
        </form>`
      }`,
  )
}

/** @param looks what they said just now, where they were asked */
export function upstreamsTable(
  view: View,
  hosts: readonly HostHealth[],
  looks: readonly Look[] = [],
): Html {
  const say = systemWords[view.language]
  return table({
    caption: say.upstreamsCaption,
    columns: [say.address, numberHead(say.pool), say.state, say.lastAnswer, say.lastFault],
    empty: empty(say.noUpstreams, html`<a href="/admin/accounts">${say.noUpstreamsSaid}</a>`),
    rows: hosts.map((host) =>
      hostRow(
        view,
        host,
        looks.find(({ url }) => url === host.url),
      ),
    ),
  })
}

function hostRow(view: View, host: HostHealth, look: Look | undefined): Html {
  const say = systemWords[view.language]
  const { url, kinds, accounts, isReachable, downSince, fault, answeredAt } = host
  return html`
    <tr>
      ${rowName(say.address, html`<code>${shownText(url)}</code> <small class="soft">${kinds.join(', ')}</small>`)}
      ${cell(say.pool, count(view, accounts), 'number')}
      ${cell(
        say.state,
        html`${badge(isReachable ? say.reachable : say.pause, isReachable ? 'good' : 'bad')}
        ${downSince !== undefined && html`<small class="soft">${say.since} ${ago(view, downSince)}</small>`}
        ${look && lookSaid(view, look)}`,
      )}
      ${cell(say.lastAnswer, answeredAt === undefined ? say.never : ago(view, answeredAt))}
      ${cell(say.lastFault, fault ? html`${ago(view, fault.at)}<br><small>${fault.reason}</small>` : say.never)}
    </tr>`
}

function lookSaid(view: View, { isReachable, said, tookMs }: Look): Html {
  const say = systemWords[view.language]
  return isReachable
    ? html`<br><small class="good">${say.answered(duration(view, tookMs))}</small>${said && html` <small>${said}</small>`}`
    : html`<br><small class="bad">${said}</small>`
}
