import type { AccountFinding } from '../../operator/account-finding'
import { type Html, html } from '../html'
import type { View } from '../view'
import { message } from '../widgets/message'
import { findingWords } from './finding-words'

/** What a test has found, in words, and what to do about it. */
export function findingPart(view: View, { ok, code, reason }: AccountFinding): Html {
  const say = findingWords[view.language]
  return message(
    ok ? 'good' : 'bad',
    html`<strong>${ok ? say.works : say.fails}.</strong> ${say[code]}
      ${reason && html`<br><small>${say.said}: ${reason}</small>`}`,
  )
}
