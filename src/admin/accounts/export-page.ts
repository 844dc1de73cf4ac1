import { type Html, html } from '../html'
import { shell } from '../shell'
import type { View } from '../view'
import { button } from '../widgets/button'
import { check, choice, field } from '../widgets/field'
import { count } from '../widgets/numbers'
import { row } from '../widgets/toolbar'
import { addWords } from './add-words'
import { type Chosen, chosenFields } from './bulk-page'
import { accountWords } from './words'

/** What somebody chose, and what is wrong with it. */
export interface ExportTyped {
  readonly format?: string | undefined
  readonly withSecrets?: boolean
  readonly problem?: { readonly field: 'password'; readonly text: string }
}

/**
 * Asks as what accounts are to be exported, and once more for the password where secrets are wanted.
 * The answer is a file, so that htmx is not to send it.
 */
export function exportPart(view: View, chosen: Chosen, typed: ExportTyped): Html {
  const say = addWords[view.language]
  const { format = 'json', withSecrets = false, problem } = typed
  const { names, total, query } = chosen
  return html`
    <section class="card" tabindex="-1">
      <h2>${say.exportTitle}</h2>
      <p>${say.exportWhich(count(view, total))}: ${names.join(', ')}${total > names.length && html` ${accountWords[view.language].andMore(total - names.length)}`}</p>
      <form method="post" action="/admin/accounts/export">
        ${chosenFields(chosen)}
        ${choice({
          label: say.format,
          name: 'format',
          value: format,
          hint: say.formatHint,
          options: [
            ['json', say.formatJson],
            ['csv', say.formatCsv],
            ['text', say.formatText],
          ],
        })}
        ${check({ label: say.withSecrets, name: 'secrets', checked: withSecrets, hint: say.withSecretsHint })}
        ${field({ label: say.password, name: 'password', type: 'password', hint: say.passwordHint, problem: problem?.text, attributes: html`autocomplete="current-password" maxlength="200"` })}
        ${row(
          button({ text: say.download }),
          html`<a class="button plain" href="${query}">${accountWords[view.language].cancel}</a>`,
        )}
      </form>
    </section>`
}

export const exportPage = (view: View, chosen: Chosen, typed: ExportTyped): Html =>
  shell(view, { title: addWords[view.language].exportTitle, main: exportPart(view, chosen, typed) })
