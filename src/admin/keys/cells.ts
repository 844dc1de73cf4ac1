import type { LimitUse } from '../../operator/key-usage'
import type { KeyState } from '../../store/key-search'
import { type Html, html } from '../html'
import type { View } from '../view'
import { badge } from '../widgets/badge'
import { bar } from '../widgets/bar'
import { count, money } from '../widgets/numbers'
import { LIMIT_FIELDS } from './form'
import { LIMIT_NAMES } from './schema'
import { type SeenKey, shownState } from './shown'
import { keyWords } from './words'

const TONES: Readonly<Record<KeyState, 'good' | 'warn' | 'bad' | 'quiet'>> = {
  in_force: 'good',
  at_limit: 'warn',
  off: 'quiet',
  expired: 'bad',
  revoked: 'bad',
}

/** Whether a key can be used, in a word. */
export function stateBadge(view: View, seen: SeenKey): Html {
  const state = shownState(seen, view.now)
  return badge(keyWords[view.language][state], TONES[state])
}

/** An amount of what a limit counts. */
const amountText = (view: View, field: string, amount: number): string =>
  field.endsWith('CostTicks') ? money(view, amount) : count(view, amount)

/** Everything that limits a key, with what is used of it and left, a line each. */
export function limitLines(view: View, { key, usage }: SeenKey): readonly Html[] {
  const say = keyWords[view.language]
  const models =
    key.models && html`${say.models}: <span class="mono">${key.models.join(', ')}</span>`
  return [
    ...(models ? [models] : []),
    ...usage.map((use) => {
      const tone = toneOf(use)
      return html`<span${tone && html` class="${tone}"`}>${useText(view, use)}</span>`
    }),
    ...(key.rescue === 'off' ? [] : [html`${say.rescue}`]),
  ]
}

const ALMOST = 0.8

function toneOf({ limit, used }: LimitUse): 'warn' | 'bad' | undefined {
  if (used >= limit) return 'bad'
  return used >= limit * ALMOST ? 'warn' : undefined
}

const limitName = (view: View, { field }: LimitUse): string => {
  const name = LIMIT_FIELDS.find((one) => LIMIT_NAMES[one] === field)
  return name ? keyWords[view.language][name] : field
}

function useText(view: View, use: LimitUse): string {
  const say = keyWords[view.language]
  const text = (amount: number) => amountText(view, use.field, amount)
  const { limit, used, remaining } = use
  return `${limitName(view, use)}: ${say.usedOf(text(used), text(limit))} · ${say.left(text(remaining))}`
}

/** What was used of a limit, and what is left. */
export const useBar = (view: View, use: LimitUse): Html =>
  bar({
    label: limitName(view, use),
    share: use.limit === 0 ? 1 : use.used / use.limit,
    text: useText(view, use),
    tone: toneOf(use),
  })

/** Turns and money. */
export function spentText(view: View, turns: number, cost: number): Html {
  if (turns === 0) return NOTHING
  return html`${keyWords[view.language].turns(count(view, turns))}<br><small class="soft">${money(view, cost)}</small>`
}

/** What stands where there is nothing. */
export const NOTHING: Html = html`<span class="soft">–</span>`
