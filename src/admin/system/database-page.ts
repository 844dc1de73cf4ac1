import type { Inspection } from '../../ground'
import { type Html, html } from '../html'
import type { View } from '../view'
import { button } from '../widgets/button'
import { definitions } from '../widgets/definitions'
import { card, fold } from '../widgets/fold'
import { message } from '../widgets/message'
import { bytes, count, duration } from '../widgets/numbers'
import { cell, rowName, table } from '../widgets/table'
import type { SystemFacts } from './service'
import { systemWords } from './words'

/** Where the database is, what is in it, and how it is copied. */
export function databaseCard(view: View, { database }: SystemFacts, hasFile: boolean): Html {
  const say = systemWords[view.language]
  const { kind, path, host, latencyMs, isWritable, tables } = database
  return card(
    say.database,
    html`
      ${!isWritable && message('bad', say.readOnly)}
      ${definitions([
        [
          say.place,
          kind === 'memory' ? say.memory : html`${say[kind]} <code>${path ?? host}</code>`,
        ],
        [say.size, database.bytes !== undefined && bytes(view, database.bytes)],
        [say.latency, kind === 'server' && duration(view, latencyMs)],
      ])}
      ${
        hasFile
          ? html`
            <p class="soft">${say.backupSaid}</p>
            <p><a class="button" href="/admin/system/backup" download>${say.backup}</a></p>
            <form hx-post="/admin/system/check" hx-target="#database-check">
              <p class="soft">${say.checkSaid}</p>
              ${button({ text: say.check, tone: 'plain' })}
            </form>
            <div id="database-check" role="status"></div>`
          : message('soft', kind === 'memory' ? say.notHereMemory : say.notHere)
      }
      ${fold({
        summary: say.rows,
        content: html`
          <p class="soft">${say.rowsSaid}</p>
          ${table({
            caption: say.rows,
            columns: [say.table, say.rows],
            empty: html``,
            rows: tables.map(
              ({ name, atMost }) =>
                html`<tr>${rowName(say.table, html`<code>${name}</code>`)}${cell(say.rows, atMost === undefined ? '–' : count(view, atMost), 'number')}</tr>`,
            ),
          })}`,
      })}`,
  )
}

/** What a check has found. */
export function inspectionPart(view: View, { problem, tables }: Inspection): Html {
  const say = systemWords[view.language]
  return html`
    ${message(problem === undefined ? 'good' : 'bad', problem === undefined ? say.sound : say.damaged(problem))}
    ${
      tables.length > 0 &&
      fold({
        summary: say.weight,
        content: table({
          caption: say.weight,
          columns: [say.table, say.bytes],
          empty: html``,
          rows: tables.map(
            (one) =>
              html`<tr>${rowName(say.table, html`<code>${one.name}</code>`)}${cell(say.bytes, bytes(view, one.bytes), 'number')}</tr>`,
          ),
        }),
      })
    }`
}
