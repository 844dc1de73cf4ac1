import { Elysia } from 'elysia'
import { ApiError } from '../../errors'
import { TIERS } from '../../store/schema'
import { markupAnswer } from '../answers'
import type { OwnView } from '../handlers'
import { type Html, html } from '../html'
import type { AdminParts } from '../parts'
import type { AccountActions } from './actions'
import { addWords } from './add-words'
import { importPage, reportPart } from './import-page'
import { problemText } from './problem-words'
import { readUpload } from './upload'

/** `/admin/accounts/import`: many accounts of a file or a text. */
export function accountImportPages(
  { handlers }: Pick<AdminParts, 'handlers'>,
  actions: AccountActions,
) {
  async function imported(view: OwnView, request: Request): Promise<Html | Response> {
    const { form, text } = await readUpload(request)
    const said = (name: string) => String(form.get(name) ?? '').trim()
    const typed = {
      tags: said('tags'),
      note: said('note'),
      tier: said('tier'),
      isDryRun: form.has('dry_run'),
    }
    try {
      if (text.trim() === '') throw new ApiError('invalid_value', addWords[view.language].nothing)
      const report = await actions.import(view.operator, text, {
        tier: TIERS.find((tier) => tier === typed.tier),
        tags: typed.tags
          .split(/[,，]/)
          .map((tag) => tag.trim())
          .filter(Boolean),
        ...(typed.note && { note: typed.note }),
        dryRun: typed.isDryRun,
      })
      const part = reportPart(view, report)
      return view.isPartial ? part : importPage(view, {}, part)
    } catch (cause) {
      if (!(cause instanceof ApiError) || cause.status >= 500) throw cause
      const problem = problemText(view, cause.message)
      return view.isPartial
        ? markupAnswer(html`<p role="alert">${problem}</p>`, 422)
        : markupAnswer(importPage(view, { ...typed, problem }), 422)
    }
  }

  return new Elysia({ prefix: '/admin/accounts', detail: { hide: true } })
    .get(
      '/import',
      handlers.page((view) => importPage(view, {})),
    )
    .post(
      '/import',
      handlers.page((view, request) => imported(view, request)),
      { parse: 'none' },
    )
}
