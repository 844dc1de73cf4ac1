import { Elysia } from 'elysia'
import { ApiError } from '../../errors'
import { notice, redirect } from '../answers'
import { batchPart, batchPath } from '../batches/progress-page'
import { readForm } from '../form'
import type { OwnView } from '../handlers'
import { type Html, html } from '../html'
import type { AdminParts } from '../parts'
import { shell } from '../shell'
import { count } from '../widgets/numbers'
import type { AccountActions } from './actions'
import { type Chosen, deletePart } from './bulk-page'
import { labelOf } from './cells'
import { exportPart } from './export-page'
import { createAccountList } from './list'
import { listPart } from './list-page'
import { type AccountQuery, pathOf, readQuery } from './query'
import { accountWords } from './words'

/** The largest form that names accounts: there may be ids of all that an operator has. */
export const LARGEST_CHOICE = 4 * 1024 * 1024
const NAMED = 10

/** Accounts that a form is about. */
export interface Choice extends Chosen {
  readonly all: readonly string[]
  readonly asked: AccountQuery
}

/** Finds out which accounts a form is about. */
export function createChoice(parts: AdminParts) {
  const list = createAccountList(parts)
  const { stores, accountLookup } = parts

  /** @throws ApiError when nothing was ticked */
  return async (view: OwnView, form: URLSearchParams): Promise<Choice> => {
    const query = form.get('query') ?? ''
    const asked = readQuery(new URLSearchParams(query.split('?')[1]))
    const isAll = form.get('which') === 'all'
    const given = [...form.getAll('id'), ...(form.get('ids')?.split(',') ?? [])].filter(Boolean)
    const names = isAll ? await fitting(asked) : await named(given)
    if (names.size === 0)
      throw new ApiError('invalid_value', accountWords[view.language].nothingTicked)
    return {
      ...{ query: pathOf(asked), asked, total: names.size, all: [...names.keys()] },
      names: [...names.values()].slice(0, NAMED),
      ids: isAll ? undefined : [...names.keys()],
    }
  }

  async function fitting(asked: AccountQuery): Promise<ReadonlyMap<string, string>> {
    const own = await list.ofEnvironment(asked)
    const stored = await stores.accountPages.names(asked.filter)
    return new Map([...own.map((one) => [one.id, labelOf(one)] as const), ...stored])
  }

  async function named(ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const found = await accountLookup([...new Set(ids)])
    return new Map([...found.values()].map(({ id, kind, name }) => [id, `${kind}/${name}`]))
  }
}

/** `POST /admin/accounts/bulk`: something is done to many accounts. */
export function accountBulk(parts: AdminParts, actions: AccountActions) {
  const { handlers } = parts
  const list = createAccountList(parts)
  const choose = createChoice(parts)

  async function begin(view: OwnView, kind: 'test' | 'refresh', { all }: Choice) {
    const batch = await actions.begin(view.operator, kind, all)
    return view.isPartial ? batchPart(view, batch) : redirect(batchPath(batch), view)
  }

  /** The list as it is by now, and what was done to it. */
  async function done(view: OwnView, { asked, query }: Choice, text: string) {
    if (!view.isPartial) return redirect(query, view)
    const found = await list.page(asked, false)
    return html`
      <hx-partial hx-target="#accounts" hx-swap="outerHTML">${listPart(view, asked, found)}</hx-partial>
      <hx-partial hx-target="#work" hx-swap="innerHTML"></hx-partial>
      ${notice(text)}`
  }

  const asked = (view: OwnView, part: Html): Html =>
    view.isPartial ? part : shell(view, { title: accountWords[view.language].title, main: part })

  async function act(view: OwnView, form: URLSearchParams): Promise<Html | Response> {
    const say = accountWords[view.language]
    const choice = await choose(view, form)
    const { all } = choice
    const { operator } = view
    const told = async (work: Promise<number>, text: (count: string) => string) =>
      done(view, choice, text(count(view, await work)))
    switch (form.get('action')) {
      case 'test':
        return begin(view, 'test', choice)
      case 'refresh':
        return begin(view, 'refresh', choice)
      case 'enable':
        return told(actions.setEnabled(operator, all, true), say.enabled)
      case 'disable':
        return told(actions.setEnabled(operator, all, false), say.disabled)
      case 'clear':
        return told(actions.clear(operator, all), say.cleared)
      case 'export':
        return asked(view, exportPart(view, choice, {}))
      case 'delete-now':
        // What fits may have become more since it was asked.
        if (Number(form.get('count')) >= all.length)
          return told(actions.remove(operator, all), say.deleted)
        return asked(view, deletePart(view, choice))
      case 'delete':
        return asked(view, deletePart(view, choice))
      default:
        throw new ApiError('invalid_value', 'There is nothing of that name to do.', {
          param: 'action',
        })
    }
  }

  return new Elysia({ prefix: '/admin/accounts', detail: { hide: true } }).post(
    '/bulk',
    handlers.page(async (view, request) => act(view, await readForm(request, LARGEST_CHOICE))),
    { parse: 'none' },
  )
}
