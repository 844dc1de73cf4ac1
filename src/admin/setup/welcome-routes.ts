import { Elysia } from 'elysia'
import { ApiError } from '../../errors'
import type { AccountActions } from '../accounts/actions'
import { findingPart } from '../accounts/finding-part'
import { problemText } from '../accounts/problem-words'
import { markupAnswer } from '../answers'
import { readForm } from '../form'
import type { OwnView } from '../handlers'
import { html } from '../html'
import type { KeyService } from '../keys/service'
import type { AdminParts } from '../parts'
import { message } from '../widgets/message'
import {
  ACCOUNT_PATH,
  accountPage,
  KEY_PATH,
  type Outcome,
  outcomePart,
  problemOf,
} from './account-page'
import { chatModels, firstModel } from './first-model'
import { READY_PATH, readyPage } from './ready-page'
import { setupWords } from './words'

/** A file with many accounts may be pasted here too. */
const LONGEST_PASTE = 4 * 1024 * 1024

/** What the key of the set-up is called. */
const KEY_NAME = 'set-up'

/** `/admin/welcome`: an account, a key and the first answer, for who has just chosen a password. */
export function welcomeRoutes(parts: AdminParts, actions: AccountActions, keys: KeyService) {
  const { handlers, pool, catalog } = parts

  /** Accounts but for that which is only for trying. */
  const ownAccounts = (): number =>
    [...pool.members()].filter(({ account }) => account.kind !== 'demo').length

  const modelsNow = () => chatModels(catalog.list())

  async function add(view: OwnView, text: string, failing?: string): Promise<Outcome> {
    const say = setupWords[view.language]
    const { places } = actions.look(text)
    const many = places.filter((one) => 'account' in one).length
    // What was kept goes when there is something to take its place.
    if (many > 0 && failing) await actions.remove(view.operator, [failing])
    if (many > 1) {
      const { added } = await actions.import(view.operator, text)
      return { isGood: true, told: message('good', say.imported(added, many)) }
    }
    const { account, finding } = await actions.add(view.operator, { text })
    const name = `${account.kind}/${account.name}`
    return {
      isGood: finding.ok,
      told: html`
        ${finding.ok && html`<p>${say.added(name)}</p>`}
        ${findingPart(view, finding)}
        ${!finding.ok && html`<p>${say.keptFailing(name)}</p>`}`,
      replaces: finding.ok ? undefined : account.id,
      model: chatModels((finding.examples ?? []).map((id) => ({ id })))[0],
    }
  }

  async function takeIn(view: OwnView, request: Request): Promise<Outcome> {
    const form = await readForm(request, LONGEST_PASTE)
    const text = form.get('text')?.trim() ?? ''
    const replaces = form.get('replaces') || undefined
    const problem = (said: string): Outcome => ({ ...problemOf(view, said), replaces })
    if (text === '') return problem(setupWords[view.language].nothing)
    try {
      return await add(view, text, replaces)
    } catch (error) {
      if (error instanceof ApiError && error.status < 500)
        return problem(problemText(view, error.message))
      throw error
    }
  }

  async function makeKey(view: OwnView, request: Request) {
    const wanted = (await readForm(request)).get('model')
    const [made] = await keys.create(view.operator, { name: KEY_NAME })
    const models = modelsNow()
    return readyPage(view, {
      secret: made?.secret,
      hint: made?.key.hint,
      model: firstModel(wanted, models),
      models,
    })
  }

  return new Elysia({ detail: { hide: true } })
    .get(
      ACCOUNT_PATH,
      handlers.page((view) => accountPage(view, ownAccounts())),
    )
    .post(
      ACCOUNT_PATH,
      handlers.page(async (view, request) => {
        const outcome = await takeIn(view, request)
        const shown = view.isPartial
          ? outcomePart(view, outcome)
          : accountPage(view, ownAccounts(), outcome)
        return markupAnswer(shown, outcome.isGood ? 200 : 422)
      }),
      { parse: 'none' },
    )
    .post(KEY_PATH, handlers.page(makeKey), { parse: 'none' })
    .get(
      READY_PATH,
      handlers.page((view, request) => {
        const { searchParams } = new URL(request.url)
        const hint = searchParams.get('key')
        const models = modelsNow()
        return readyPage(view, {
          hint: hint && /^[\w-]{4}$/.test(hint) ? hint : undefined,
          model: firstModel(searchParams.get('model'), models),
          models,
        })
      }),
    )
}
