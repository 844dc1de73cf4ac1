import type { FileOrder, FoundFile } from '../../store/file-search'
import { type Html, html } from '../html'
import { shell } from '../shell'
import type { View } from '../view'
import { button } from '../widgets/button'
import { empty } from '../widgets/empty'
import { choice, field } from '../widgets/field'
import { bytes, count } from '../widgets/numbers'
import { stats } from '../widgets/stat'
import { cell, rowName, table } from '../widgets/table'
import { ago, moment } from '../widgets/time'
import { filters } from '../widgets/toolbar'
import { FILES, mediaTabs, megabytes } from './page'
import { mediaWords } from './words'

/** What somebody looks for among the files. */
export interface FilesWish {
  readonly text: string
  readonly order: FileOrder
  readonly keyId: string | undefined
  readonly after: { readonly rank: number; readonly id: string } | undefined
}

interface Files {
  readonly wish: FilesWish
  readonly list: { readonly items: readonly FoundFile[]; readonly last: FoundFile | undefined }
  readonly totals: { readonly count: number; readonly bytes: number }
  /** What the files of one key may weigh together. */
  readonly limit: number
}

/** The files that keys have sent. */
export const filesPage = (view: View, files: Files): Html =>
  shell(view, {
    title: mediaWords[view.language].title,
    styles: ['media.css'],
    main: html`${mediaTabs(view)}${filesPart(view, files)}`,
  })

/** The part of the page that changes when something is deleted. */
export function filesPart(view: View, { wish, list, totals, limit }: Files): Html {
  const say = mediaWords[view.language]
  return html`
    <div id="files" class="pile">
      ${stats([
        {
          label: say.files,
          value: megabytes(view, totals.bytes),
          note: `${say.filesKept(count(view, totals.count))} · ${say.perKey(megabytes(view, limit))}`,
        },
      ])}
      ${filters(view, {
        action: FILES,
        label: say.findFiles,
        fields: [
          field({ label: say.fileSearch, name: 'q', type: 'search', value: wish.text }),
          choice({
            ...{ label: say.order, name: 'order', value: wish.order },
            options: [
              ['size', say.bySize],
              ['made', say.byTime],
            ],
          }),
          wish.keyId && html`<input type="hidden" name="key" value="${wish.keyId}">`,
        ],
      })}
      <form method="post" action="${FILES}/delete" hx-post="${FILES}/delete" hx-target="#files" hx-swap="outerHTML" hx-confirm="${say.deleteFiles}">
        ${table({
          caption: say.files,
          columns: [say.file, say.owner, say.size, say.purpose, say.made, say.expires],
          rows: list.items.map((file, at) => line(view, file, at)),
          empty: isFiltered(wish)
            ? empty(say.noFiles, html`${say.noneFound} <a href="${FILES}">${say.all}</a>`)
            : empty(say.noFiles, say.noFilesYet),
        })}
        ${list.items.length > 0 && button({ text: say.deleteSelected, tone: 'danger' })}
      </form>
      <nav class="pager" aria-label="${say.files}">
        ${wish.after && html`<a href="${FILES}${queryOf(wish)}">${say.first}</a>`}
        ${list.last && html`<a href="${FILES}${queryOf(wish, list.last)}" rel="next">${say.next}</a>`}
      </nav>
    </div>`
}

function line(view: View, file: FoundFile, at: number): Html {
  const say = mediaWords[view.language]
  const { id, filename, keyId, keyName } = file
  return html`
    <tr>
      ${rowName(
        say.file,
        html`
        <div class="check">
          <input type="checkbox" id="pick-${at}" name="id" value="${id}">
          <label for="pick-${at}">${filename}<br><code>${id}</code></label>
        </div>`,
      )}
      ${cell(say.owner, keyName ?? (keyId === 'env' || keyId === 'playground' ? keyId : say.orphan))}
      ${cell(say.size, bytes(view, file.bytes), 'number')}
      ${cell(say.purpose, file.purpose)}
      ${cell(say.made, ago(view, file.createdAt))}
      ${cell(say.expires, file.expiresAt === null ? say.never : moment(view, file.expiresAt))}
    </tr>`
}

const isFiltered = ({ text, keyId, after }: FilesWish): boolean =>
  text !== '' || keyId !== undefined || after !== undefined

function queryOf({ text, order, keyId }: FilesWish, last?: FoundFile): string {
  const query = new URLSearchParams()
  if (text) query.set('q', text)
  if (order !== 'size') query.set('order', order)
  if (keyId) query.set('key', keyId)
  if (last) query.set('after', `${last.rank}.${last.id}`)
  const said = query.toString()
  return said && `?${said}`
}
