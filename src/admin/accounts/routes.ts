import { Elysia } from 'elysia'
import { ApiError } from '../../errors'
import { ACCOUNT_KINDS } from '../../store/schema'
import { markupAnswer, refusedForm } from '../answers'
import { readForm } from '../form'
import type { OwnView } from '../handlers'
import type { Html } from '../html'
import type { AdminParts } from '../parts'
import { shell } from '../shell'
import type { AccountActions } from './actions'
import { addedPart, addPage, type Pasted, pasteForm } from './add-page'
import { addWords } from './add-words'
import { createAccountList } from './list'
import { listPage, listPart } from './list-page'
import { problemText } from './problem-words'
import { pathOf, readQuery } from './query'

/** `/admin/accounts`: all accounts, and adding one. */
export function accountPages(parts: AdminParts, actions: AccountActions) {
  const { handlers } = parts
  const list = createAccountList(parts)

  /** What was pasted may be wrong, or there already: then the form comes back and says so. */
  async function added(view: OwnView, form: URLSearchParams): Promise<Html | Response> {
    const text = form.get('text')?.trim() ?? ''
    const typed = {
      kind: form.get('kind')?.trim() || undefined,
      name: form.get('name')?.trim() || undefined,
      baseUrl: form.get('base_url')?.trim() || undefined,
    }
    const kind = ACCOUNT_KINDS.find((one) => one === typed.kind)
    const { nothing, title } = addWords[view.language]
    if (!text) return failed(view, { ...typed, problem: { field: 'text', text: nothing } })
    try {
      const { account, finding } = await actions.add(view.operator, {
        text,
        ...(kind && { kind }),
        ...(typed.name && { name: typed.name }),
        ...(typed.baseUrl && { base_url: typed.baseUrl }),
      })
      const part = addedPart(view, account, finding)
      return view.isPartial ? part : shell(view, { title, main: part })
    } catch (cause) {
      if (!(cause instanceof ApiError) || cause.status >= 500) throw cause
      const { param } = cause.details
      const field = param === 'name' || param === 'base_url' ? param : 'text'
      const problem = { field, text: problemText(view, cause.message) }
      return failed(view, { ...typed, problem })
    }
  }

  const failed = (view: OwnView, pasted: Pasted): Response =>
    view.isPartial
      ? refusedForm(pasteForm(view, pasted), 422)
      : markupAnswer(addPage(view, pasted), 422)

  return new Elysia({ prefix: '/admin/accounts', detail: { hide: true } })
    .get(
      '/',
      handlers.page(async (view, request) => {
        const query = readQuery(new URL(request.url).searchParams)
        const found = await list.page(query, !view.isPartial)
        if (!view.isPartial) return listPage(view, query, found)
        return markupAnswer(listPart(view, query, found), 200, { 'hx-replace-url': pathOf(query) })
      }),
    )
    .get(
      '/new',
      handlers.page((view) => addPage(view, {})),
    )
    .post(
      '/new',
      handlers.page(async (view, request) => added(view, await readForm(request))),
      { parse: 'none' },
    )
}
