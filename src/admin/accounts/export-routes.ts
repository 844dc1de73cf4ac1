import { Elysia } from 'elysia'
import { ApiError } from '../../errors'
import { markupAnswer } from '../answers'
import { readForm } from '../form'
import type { OwnView } from '../handlers'
import type { Html } from '../html'
import type { AdminParts } from '../parts'
import type { AccountActions } from './actions'
import { addWords } from './add-words'
import { type Choice, createChoice, LARGEST_CHOICE } from './bulk-routes'
import { type ExportTyped, exportPage } from './export-page'
import { EXPORT_FORMATS } from './exporting'

/** `/admin/accounts/export`: a file of accounts, with their secrets only for who knows the password. */
export function accountExportPages(parts: AdminParts, actions: AccountActions) {
  const { handlers, logIns } = parts
  const choose = createChoice(parts)

  async function exported(
    view: OwnView,
    request: Request,
    form: URLSearchParams,
  ): Promise<Response> {
    const choice = await choose(view, form)
    const format = EXPORT_FORMATS.find((one) => one === form.get('format'))
    if (!format)
      throw new ApiError('invalid_value', 'There is no such format.', { param: 'format' })
    const withSecrets = form.has('secrets')
    const password = form.get('password') ?? ''
    if (withSecrets && !(await logIns.check(request, password, view.operator))) {
      const text = addWords[view.language].passwordWrong
      return refused(view, choice, { format, withSecrets, problem: { field: 'password', text } })
    }
    return actions.export(view.operator, { ids: choice.all }, format, withSecrets)
  }

  const refused = (view: OwnView, choice: Choice, typed: ExportTyped): Response =>
    markupAnswer(exportPage(view, choice, typed), 422)

  const all = (view: OwnView): Promise<Html> =>
    choose(view, new URLSearchParams({ which: 'all', query: '/admin/accounts' })).then((choice) =>
      exportPage(view, choice, {}),
    )

  return new Elysia({ prefix: '/admin/accounts', detail: { hide: true } })
    .get('/export', handlers.page(all))
    .post(
      '/export',
      handlers.page(async (view, request) =>
        exported(view, request, await readForm(request, LARGEST_CHOICE)),
      ),
      { parse: 'none' },
    )
}
