import { Elysia } from 'elysia'
import { ApiError } from '../../errors'
import { markupAnswer, notice, redirect, refusedForm } from '../answers'
import { batchPart, batchPath } from '../batches/progress-page'
import { readForm } from '../form'
import type { OwnView } from '../handlers'
import { type Html, html } from '../html'
import type { AdminParts } from '../parts'
import { count } from '../widgets/numbers'
import type { AccountActions, AccountFinding } from './actions'
import { accountPath } from './cells'
import { createAccountDetail } from './detail'
import { detailPage, nowPart } from './detail-page'
import { fieldsOf } from './edit-form'
import { type Edited, editForm } from './edit-page'
import { problemText } from './problem-words'
import { accountWords } from './words'

interface Params {
  readonly id: string
}

/** `/admin/accounts/{id}`: everything of one account, and what can be done about it. */
export function accountDetailPages(parts: AdminParts, actions: AccountActions) {
  const { handlers } = parts
  const detail = createAccountDetail(parts)

  /** The account as it does by now. */
  async function now(view: OwnView, id: string, told: { text?: string; finding?: AccountFinding }) {
    const { account } = await detail.view(id)
    if (!view.isPartial) return told.finding ? page(view, id, told.finding) : back(view, id)
    return html`${nowPart(view, account, told.finding)}${told.text && notice(told.text)}`
  }

  const back = (view: OwnView, id: string) => redirect(accountPath({ id }), view)
  const page = async (view: OwnView, id: string, finding?: AccountFinding) =>
    detailPage(view, await detail.view(id), { finding })

  async function act(view: OwnView, id: string, action: string | null): Promise<Html | Response> {
    const { operator, language } = view
    const say = accountWords[language]
    switch (action) {
      case 'test':
        return now(view, id, { finding: await actions.test(operator, id) })
      case 'refresh': {
        const batch = await actions.begin(operator, 'refresh', [id])
        if (!view.isPartial) return redirect(batchPath(batch), view)
        return html`
          ${nowPart(view, (await detail.view(id)).account)}
          <hx-partial hx-target="#work" hx-swap="innerHTML">${batchPart(view, batch)}</hx-partial>`
      }
      case 'enable':
      case 'disable': {
        const found = await actions.setEnabled(operator, [id], action === 'enable')
        return now(view, id, { text: say[`${action}d`](count(view, found)) })
      }
      case 'clear':
        return now(view, id, {
          text: say.cleared(count(view, await actions.clear(operator, [id]))),
        })
      case 'delete':
        await actions.remove(operator, [id])
        return redirect('/admin/accounts', view)
      default:
        throw new ApiError('invalid_value', 'There is nothing of that name to do.', {
          param: 'action',
        })
    }
  }

  /** A form that fails comes back as it was typed, with what is wrong with it. */
  async function change(view: OwnView, id: string, typed: URLSearchParams) {
    const { account } = await detail.view(id)
    if (account.isOfEnvironment)
      throw new ApiError('invalid_value', accountWords[view.language].environmentHint)
    try {
      const fields = fieldsOf(typed, account)
      await actions.change(view.operator, id, Number(typed.get('version')), fields)
    } catch (cause) {
      if (!(cause instanceof ApiError) || cause.status >= 500) throw cause
      const problem = { field: cause.details.param ?? '', text: problemText(view, cause.message) }
      const isConflict = cause.code === 'revision_conflict'
      const edited = isConflict ? { typed, isConflict } : { typed, problem }
      return edit(view, id, edited, isConflict ? 409 : 422)
    }
    return view.isPartial ? edit(view, id, { isSaved: true }, 200) : back(view, id)
  }

  async function edit(view: OwnView, id: string, edited: Edited, status: number) {
    const shown = await detail.view(id)
    if (!view.isPartial) return markupAnswer(detailPage(view, shown, { edited }), status)
    const form = editForm(view, shown.account, edited)
    const now = html`<hx-partial hx-target="#now" hx-swap="outerHTML">${nowPart(view, shown.account)}</hx-partial>`
    return status === 200 ? markupAnswer(html`${form}${now}`) : refusedForm(form, status)
  }

  return new Elysia({ prefix: '/admin/accounts', detail: { hide: true } })
    .get(
      '/:id',
      handlers.page<Params>((view, _, { id }) => page(view, id)),
    )
    .post(
      '/:id',
      handlers.page<Params>(async (view, request, { id }) =>
        change(view, id, await readForm(request)),
      ),
      { parse: 'none' },
    )
    .post(
      '/:id/act',
      handlers.page<Params>(async (view, request, { id }) =>
        act(view, id, (await readForm(request)).get('action')),
      ),
      { parse: 'none' },
    )
}
