import { type Html, html } from '../html'
import type { View } from '../view'
import { badge } from '../widgets/badge'
import { bar } from '../widgets/bar'
import { count } from '../widgets/numbers'
import { ago } from '../widgets/time'
import type { ShownAccount } from './shown'
import type { AccountStanding, ShownQuota, ShownRest } from './standing'
import { stateWords } from './state-words'
import { accountWords } from './words'

type Condition = AccountStanding['condition']

const TONES: Readonly<Record<Condition, 'good' | 'warn' | 'bad' | 'quiet'>> = {
  ready: 'good',
  full: 'warn',
  down: 'bad',
  off: 'quiet',
  absent: 'warn',
  cooling: 'warn',
  exhausted: 'warn',
  suspect: 'warn',
  expired: 'bad',
  disabled: 'bad',
}

/** What an account is called everywhere: `xai/main`. */
export const labelOf = ({ kind, name }: Pick<ShownAccount, 'kind' | 'name'>): string =>
  `${kind}/${name}`

/** Where an account has a page of its own. */
export const accountPath = ({ id }: Pick<ShownAccount, 'id'>): string =>
  `/admin/accounts/${encodeURIComponent(id)}`

/** `grok.com`, and what its owner pays for. */
export function kindText(view: View, { kind, tier }: Pick<ShownAccount, 'kind' | 'tier'>): Html {
  const say = stateWords[view.language]
  return html`${say[kind]}${kind === 'web' && html` · ${say[tier ?? 'unknown']}`}`
}

/** The state in a word. */
export const conditionBadge = (view: View, condition: Condition): Html =>
  badge(stateWords[view.language][condition], TONES[condition])

/** Why something rests, as its upstream or we said it. */
export function reasonText(view: View, reason: string): string {
  const say = stateWords[view.language]
  if (reason === stateWords.en.noQuota) return say.noQuota
  return reason === stateWords.en.ownLimit ? say.ownLimit : reason
}

/** When a rest is over. */
export function untilText(view: View, { until }: Pick<ShownRest, 'until'>): Html {
  const say = accountWords[view.language]
  return until === null ? html`${say.untilCleared}` : html`${say.until} ${ago(view, until)}`
}

const MOST_PARTS = 2

/** The state of an account with its reason and what is left of it, and what of it rests on its own. */
export function stateCell(view: View, { condition, rests }: AccountStanding): Html {
  const say = accountWords[view.language]
  const whole = rests.find(({ scope }) => scope === '')
  const parts = rests.filter(({ scope }) => scope !== '')
  return html`
    ${conditionBadge(view, condition)}
    ${whole && html`<small class="soft">${reasonText(view, whole.reason)}; ${untilText(view, whole)}</small>`}
    ${parts
      .slice(0, MOST_PARTS)
      .map(
        (rest) =>
          html`<small class="soft">${rest.scope}: ${stateWords[view.language][rest.state]}, ${untilText(view, rest)}</small>`,
      )}
    ${parts.length > MOST_PARTS && html`<small class="soft">${say.andMore(parts.length - MOST_PARTS)}</small>`}`
}

/** What is left of a quota, who says so, and how long ago. */
export function quotaBar(view: View, quota: ShownQuota, isLong = false): Html {
  const say = accountWords[view.language]
  const { bucket, remaining, limit, source, at, resetAt } = quota
  const share = remaining / limit
  return bar({
    label: bucket,
    share,
    tone: share === 0 ? 'bad' : share < LOW ? 'warn' : undefined,
    text: html`${bucket}: ${say.left(count(view, remaining), count(view, limit))}, ${say[source]} ${ago(view, at)}${isLong && html`; ${say.resets} ${ago(view, resetAt)}`}`,
  })
}

const LOW = 0.1
