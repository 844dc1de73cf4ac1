import { TIERS } from '../../store/schema'
import { type Html, html } from '../html'
import { shell } from '../shell'
import type { View } from '../view'
import { button } from '../widgets/button'
import { check, choice, field, textArea } from '../widgets/field'
import { card } from '../widgets/fold'
import { count } from '../widgets/numbers'
import { stats } from '../widgets/stat'
import { cell, rowName, table } from '../widgets/table'
import type { ImportReport } from './actions'
import { addWords } from './add-words'
import { placeText, problemText } from './problem-words'
import { stateWords } from './state-words'
import { accountWords } from './words'

/** What somebody says of an import beside its text, which is secret. */
export interface ImportTyped {
  readonly tags?: string | undefined
  readonly note?: string | undefined
  readonly tier?: string | undefined
  readonly isDryRun?: boolean
  readonly problem?: string | undefined
}

/** Takes in many accounts: a file or a text. */
export const importPage = (view: View, typed: ImportTyped, report?: Html): Html =>
  shell(view, {
    title: addWords[view.language].manyTitle,
    main: html`
      <p><a href="/admin/accounts">← ${accountWords[view.language].back}</a></p>
      <div id="work">${report}</div>
      ${card('', importForm(view, typed))}`,
  })

function importForm(
  view: View,
  { tags, note, tier, isDryRun = false, problem }: ImportTyped,
): Html {
  const say = addWords[view.language]
  const called = stateWords[view.language]
  return html`
    <form id="import" method="post" action="/admin/accounts/import" enctype="multipart/form-data"
      hx-post="/admin/accounts/import" hx-encoding="multipart/form-data" hx-target="#work" hx-config="timeout:600000">
      <p>${say.manyHint}</p>
      ${field({ label: say.file, name: 'file', type: 'file', attributes: html`accept=".txt,.csv,.tsv,.json,.jsonl,text/*,application/json"` })}
      ${textArea({ label: say.text, name: 'text', rows: 6, isCode: true, problem })}
      <div class="fields">
        ${field({ label: say.tags, name: 'tags', value: tags, hint: say.tagsHint })}
        ${choice({
          label: say.tier,
          name: 'tier',
          value: tier ?? '',
          options: [['', say.asInFile], ...TIERS.map((one) => [one, called[one]] as const)],
        })}
        ${field({ label: accountWords[view.language].note, name: 'note', value: note, attributes: html`maxlength="1000"` })}
      </div>
      ${check({ label: say.dryRun, name: 'dry_run', checked: isDryRun })}
      <button>${say.importNow}</button>
    </form>`
}

const MOST_SHOWN = 200

/** What became of an import, with what could not be read and where it stands. */
export function reportPart(view: View, report: ImportReport): Html {
  const say = addWords[view.language]
  const { added, known, twice, unusable, problems, isDryRun, ids } = report
  const figure = (label: string, value: number, tone?: 'good' | 'warn') => ({
    ...{ label, value: count(view, value) },
    ...(tone && value > 0 && { tone }),
  })
  return html`
    <section class="card" tabindex="-1">
      <h2>${isDryRun ? say.dryTitle : say.reportTitle}</h2>
      ${stats([
        figure(say.addedCount, added, 'good'),
        figure(say.knownCount, known),
        figure(say.twiceCount, twice),
        figure(say.unusableCount, unusable, 'warn'),
      ])}
      ${
        problems.length > 0 &&
        html`
          ${table({
            caption: say.problems,
            columns: [say.where, say.reason],
            rows: problems
              .slice(0, MOST_SHOWN)
              .map(
                ({ line, reason }) =>
                  html`<tr>${rowName(say.where, placeText(view, line))}${cell(say.reason, problemText(view, reason))}</tr>`,
              ),
            empty: html``,
          })}
          ${problems.length > MOST_SHOWN && html`<p class="soft">${say.moreProblems(problems.length - MOST_SHOWN)}</p>`}`
      }
      ${
        ids.length > 0 &&
        html`
          <form method="post" action="/admin/accounts/bulk" hx-post="/admin/accounts/bulk" hx-target="#work">
            <input type="hidden" name="which" value="ticked">
            <input type="hidden" name="ids" value="${ids.join(',')}">
            ${button({ text: say.testNew(count(view, ids.length)), attributes: html`name="action" value="test"` })}
          </form>`
      }
    </section>`
}
