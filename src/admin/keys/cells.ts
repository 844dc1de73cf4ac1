import type { LimitUse } from '../../operator/key-usage'
import type { KeyState } from '../../store/key-search'
import type { Key } from '../../store/keys'
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

/** Everything that limits a key, a line each. */
export function limitLines(view: View, key: Key): readonly string[] {
  const say = keyWords[view.language]
  const limits = LIMIT_FIELDS.flatMap((name) => {
    const field = LIMIT_NAMES[name]
    const limit = key[field]
    return limit === null ? [] : [`${say[name]}: ${amountText(view, field, limit)}`]
  })
  const models = key.models ? [`${say.models}: ${key.models.join(', ')}`] : []
  const rescue = key.rescue === 'off' ? [] : [say.rescue]
  return [...models, ...limits, ...rescue]
}

const ALMOST = 0.8

/** What was used of a limit, and what is left. */
export function useBar(view: View, { field, limit, used, remaining }: LimitUse): Html {
  const say = keyWords[view.language]
  const name = LIMIT_FIELDS.find((one) => LIMIT_NAMES[one] === field) ?? 'concurrency'
  const share = limit === 0 ? 1 : used / limit
  const text = (amount: number) => amountText(view, field, amount)
  return bar({
    label: say[name],
    share,
    text: `${say[name]}: ${say.usedOf(text(used), text(limit))} · ${say.left(text(remaining))}`,
    tone: share >= 1 ? 'bad' : share >= ALMOST ? 'warn' : undefined,
  })
}

/** Turns and money. */
export function spentText(view: View, turns: number, cost: number): Html {
  if (turns === 0) return NOTHING
  return html`${keyWords[view.language].turns(count(view, turns))}<br><small class="soft">${money(view, cost)}</small>`
}

/** What stands where there is nothing. */
export const NOTHING: Html = html`<span class="soft">–</span>`
