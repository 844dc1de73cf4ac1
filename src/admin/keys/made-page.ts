import type { MadeKey } from '../../store/keys'
import { type Html, html } from '../html'
import type { View } from '../view'
import { copyable } from '../widgets/copy'
import { message } from '../widgets/message'
import { cell, rowName, table } from '../widgets/table'
import { row } from '../widgets/toolbar'
import { keyPath } from './query'
import { snippet } from './snippet'
import { keyWords } from './words'

interface Made {
  readonly keys: readonly MadeKey[]
  /** A model that they may ask for. */
  readonly model: string
}

/** The secrets of new keys, shown once: it takes the place of the form, and a reload knows nothing of it. */
export function madePart(view: View, { keys, model }: Made): Html {
  const say = keyWords[view.language]
  const [first] = keys
  const lines = keys.map(({ secret }) => secret).join('\n')
  return html`
    <section class="card" id="new-key">
      ${message('good', say.made(keys.length))}
      ${
        keys.length === 1
          ? copyable(view, { id: 'secret-0', text: lines, what: say.secret })
          : html`
        <h2>${say.allSecrets}</h2>
        ${copyable(view, { id: 'all-secrets', text: lines, what: say.allSecrets })}
        ${secretTable(view, keys)}`
      }
      ${row(
        html`<a class="button plain" download="groxy-keys.txt" href="data:text/plain;charset=utf-8,${encodeURIComponent(fileOf(keys))}">${say.download}</a>`,
        html`<a class="button plain" href="/admin/keys/new">${say.makeMore}</a>`,
        html`<a class="button plain" href="/admin/keys">${say.back}</a>`,
      )}
      ${first && html`<h2>${say.useIt}</h2>${snippet(view, { secret: first.secret, model })}`}
    </section>`
}

/** Names and secrets, a line each. */
const fileOf = (keys: readonly MadeKey[]): string =>
  keys.map(({ key, secret }) => `${key.name.replace(/\s+/g, ' ')}\t${secret}\n`).join('')

function secretTable(view: View, keys: readonly MadeKey[]): Html {
  const say = keyWords[view.language]
  return table({
    caption: say.title,
    columns: [say.name, say.secret, ''],
    rows: keys.map(
      ({ key, secret }, at) => html`
        <tr>
          ${rowName(say.name, html`<a href="${keyPath(key.id)}">${key.name}</a>`)}
          ${cell(say.secret, html`<code id="secret-${at}">${secret}</code>`)}
          ${cell('', html`<button type="button" class="plain small" data-copy="#secret-${at}" data-copied="${say.copied}">${say.copy}<span class="hidden-text"> ${key.name}</span></button>`)}
        </tr>`,
    ),
    empty: html``,
  })
}
