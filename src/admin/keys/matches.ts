import { mayUse } from '../../http/allow-list'
import { type Html, html } from '../html'
import type { View } from '../view'
import { modelsIn } from './form'
import { keyWords } from './words'

const MOST_NAMES = 6

/** Which of the models that there are each pattern matches now. */
export function matchesPart(view: View, text: string | undefined, models: readonly string[]): Html {
  const say = keyWords[view.language]
  const patterns = modelsIn(text)
  return html`
    <div id="matches" aria-live="polite">
      ${
        patterns.length === 0
          ? html`<small class="soft">${say.matchesAll(models.length)}</small>`
          : html`<ul class="plain">${patterns.slice(0, MOST_PATTERNS).map((pattern) => matchLine(view, pattern, models))}</ul>`
      }
    </div>`
}

const MOST_PATTERNS = 100

function matchLine(view: View, pattern: string, models: readonly string[]): Html {
  const say = keyWords[view.language]
  const found = models.filter((model) => mayUse({ models: [pattern] }, model))
  if (found.length === 0)
    return html`<li><small class="warn">${say.matchesNone(pattern)}</small></li>`
  const names = found.slice(0, MOST_NAMES).join(', ')
  const isAll = found.length <= MOST_NAMES
  return html`<li><small><span>${say.matches(pattern, found.length)}</span> <span class="soft">${names}${!isAll && ', …'}</span></small></li>`
}
