import { type Html, html } from '../html'
import { bareShell } from '../shell'
import type { View } from '../view'
import { button } from '../widgets/button'
import { copyable } from '../widgets/copy'
import { choice, textArea } from '../widgets/field'
import { card, fold } from '../widgets/fold'
import { message } from '../widgets/message'
import { row } from '../widgets/toolbar'
import { KEY_PATH } from './account-page'
import { DEMO_MODEL } from './first-model'
import { baseUrlOf, snippets } from './snippets'
import { steps } from './steps'
import { setupWords } from './words'

export const READY_PATH = '/admin/welcome/ready'

interface Ready {
  /** The secret of a key that was just made; it is shown once. */
  readonly secret?: string | undefined
  /** How a key ends that was shown before. */
  readonly hint?: string | undefined
  readonly model: string
  readonly models: readonly string[]
}

/** The last step: how programs ask, and a box to ask at once. */
export function readyPage(view: View, ready: Ready): Html {
  const say = setupWords[view.language]
  const { secret, hint, model } = ready
  const [first, ...others] = snippets(view, { model, key: secret })
  const address = `${READY_PATH}?${new URLSearchParams({ model, ...(hint && { key: hint }) })}`
  return bareShell(view, {
    title: say.readyTitle,
    scripts: ['try.js'],
    main: html`
      <div data-address="${address}">${steps(view, 'stepTry')}</div>
      <p>${say.readyWhy}</p>
      ${card(
        '',
        html`
        <h2>${say.address}</h2>
        ${copyable(view, { id: 'base-url', text: baseUrlOf(view), what: say.address })}
        <h2>${say.key}</h2>
        ${keyPart(view, ready)}
        <h2>curl</h2>
        ${first && copyable(view, { ...first, what: first.name })}
        ${others.map(({ id, name, text }) => fold({ summary: name, content: copyable(view, { id, text, what: name }) }))}`,
      )}
      ${tryBox(view, ready)}
      <p><a class="button" href="/admin">${say.finish}</a></p>`,
  })
}

function keyPart(view: View, { secret, hint, model }: Ready): Html {
  const say = setupWords[view.language]
  if (secret)
    return html`${message('warn', say.keyOnce)}${copyable(view, { id: 'key', text: secret, what: say.key })}`
  return html`
    <p>${hint ? say.keyGone(hint) : say.keyNone}</p>
    <form method="post" action="${KEY_PATH}">
      <input type="hidden" name="model" value="${model}">
      ${row(button({ text: say.makeKey, tone: 'plain' }))}
    </form>`
}

function tryBox(view: View, { model, models }: Ready): Html {
  const say = setupWords[view.language]
  const offered = [...new Set([model, ...models])]
  return card(
    say.tryTitle,
    html`
    ${model === DEMO_MODEL && html`<p class="soft">${say.tryDemo}</p>`}
    <noscript><p class="message warn">${say.noScript}</p></noscript>
    <form id="try" action="/admin/playground/v1/chat/completions">
      ${choice({ label: say.model, name: 'model', value: model, options: offered.map((one) => [one, one]) })}
      ${textArea({
        label: say.prompt,
        name: 'prompt',
        rows: 2,
        value: say.promptText,
        attributes: html`required`,
      })}
      ${row(
        button({ text: say.send, attributes: html`disabled` }),
        button({ text: say.stop, tone: 'plain', type: 'button', attributes: html`hidden` }),
      )}
    </form>
    <h3 id="try-label">${say.answer}</h3>
    <div id="try-answer" class="answer" role="log" aria-labelledby="try-label" tabindex="0"></div>
    <p id="try-told" class="soft" role="status" data-waiting="${say.waiting}" data-answered="${say.answered('{ms}')}" data-stopped="${say.stopped}" data-failed="${say.failed}" data-lost="${say.lost}"></p>`,
  )
}
