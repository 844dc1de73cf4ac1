import { Elysia } from 'elysia'
import { ApiError } from '../../errors'
import { listedPrice } from '../../ledger/price'
import { markupAnswer, notice, redirect } from '../answers'
import { readForm } from '../form'
import type { OwnView } from '../handlers'
import { type Html, html } from '../html'
import type { AdminParts } from '../parts'
import { type AliasService, routeProblemText } from './aliases'
import { aliasesPage, aliasesPart, aliasPage, aliasPart } from './aliases-page'
import type { ModelCatalog } from './catalog'
import { aliasValues, priceValues, readAliasForm, readPriceForm } from './forms'
import { modelsPage, PAGE } from './models-page'
import type { PriceService } from './prices'
import { pricePage, pricePart, pricesPage, pricesPart } from './prices-page'
import { modelWords } from './words'

interface ModelRouteParts {
  readonly models: ModelCatalog
  readonly aliases: AliasService
  readonly prices: PriceService
}

const ASIS = { parse: 'none' } as const
const ALIASES = '/admin/models/aliases'
const PRICES = '/admin/models/prices'
const UNPROCESSABLE = 422
const CONFLICT = 409
const LONGEST_TEXT = 200

const codeOf = (problem: unknown) => (problem instanceof ApiError ? problem.code : undefined)

/** A part for htmx, a page for others. */
const shownAs = (view: OwnView, part: Html, page: () => Html, status: number): Response =>
  markupAnswer(view.isHtmx ? part : page(), status)

/** The pages about models, aliases and prices. */
export function modelRoutes(parts: AdminParts, { models, aliases, prices }: ModelRouteParts) {
  const { handlers, catalog, settings } = parts
  const aliasObjects = async () => (await aliases.all()).map(aliases.toObject)
  const priceObjects = async () => Promise.all((await prices.all()).map(prices.toObject))
  const modelIds = () => catalog.list().map(({ id }) => id)

  function kinds(): readonly string[] {
    const { priority_xai, priority_openai, priority_web, priority_demo } = settings()
    const order = {
      xai: priority_xai,
      openai: priority_openai,
      web: priority_web,
      demo: priority_demo,
    }
    return Object.entries(order)
      .sort(([, a], [, b]) => a - b)
      .map(([kind]) => kind)
  }

  async function listing(request: Request) {
    const params = new URL(request.url).searchParams
    const search = params.get('search')?.trim().slice(0, LONGEST_TEXT) ?? ''
    const asked = Number(params.get('page'))
    const page = Number.isInteger(asked) && asked > 0 ? asked : 1
    const offset = (page - 1) * PAGE
    const found = await models.list({ search: search || undefined, limit: PAGE, offset })
    const isMissing = search !== '' && !/\s/.test(search) && !models.isKnown(search)
    const missing = isMissing ? await models.find(search) : undefined
    return { search, page, found, missing: missing?.route ? undefined : missing, kinds: kinds() }
  }

  async function saveAlias(view: OwnView, form: URLSearchParams): Promise<Response> {
    const values = Object.fromEntries(form)
    const say = modelWords[view.language]
    const { name, route, problems } = readAliasForm(view.language, values)
    const revision = values.revision
    const again = (found: Readonly<Record<string, string>>, status: number) => {
      const state = {
        values,
        problems: found,
        revision,
        isConflict: status === CONFLICT && !found.name,
      }
      return shownAs(view, aliasPart(view, state), () => aliasPage(view, state), status)
    }
    if (Object.keys(problems).length > 0) return again(problems, UNPROCESSABLE)
    const wrong = await aliases.problemOf(name, route)
    if (wrong)
      return again(
        { [wrong.kind === 'target' ? 'name' : 'targets']: routeProblemText(view.language, wrong) },
        UNPROCESSABLE,
      )
    try {
      if (revision === undefined) await aliases.create(view.operator, name, route)
      else await aliases.change(view.operator, name, { ...route, revision })
    } catch (problem) {
      if (codeOf(problem) === 'already_exists') return again({ name: say.problemTaken }, CONFLICT)
      if (codeOf(problem) === 'revision_conflict') return again({}, CONFLICT)
      throw problem
    }
    return redirect(ALIASES, { isPartial: view.isHtmx })
  }

  async function savePrice(view: OwnView, form: URLSearchParams): Promise<Response> {
    const values = Object.fromEntries(form)
    const say = modelWords[view.language]
    const { price, problems } = readPriceForm(view.language, values)
    const revision = values.revision
    const again = (found: Readonly<Record<string, string>>, status: number) => {
      const isConflict = status === CONFLICT && !found.model
      const state = { values, problems: found, revision, isConflict, models: modelIds() }
      return shownAs(view, pricePart(view, state), () => pricePage(view, state), status)
    }
    if (Object.keys(problems).length > 0) return again(problems, UNPROCESSABLE)
    try {
      if (revision === undefined) await prices.create(view.operator, price)
      else await prices.change(view.operator, price.model, { ...price, revision })
    } catch (problem) {
      if (codeOf(problem) === 'already_exists') return again({ model: say.problemTaken }, CONFLICT)
      if (codeOf(problem) === 'revision_conflict') return again({}, CONFLICT)
      throw problem
    }
    return redirect(PRICES, { isPartial: view.isHtmx })
  }

  /** A new price begins with what the upstream says. */
  function newPrice(model: string) {
    const listed = catalog.model(model)
    const price = listed && listedPrice(listed)
    return price ? priceValues({ ...price, model }) : { model }
  }

  const named = (request: Request, name: string) =>
    new URL(request.url).searchParams.get(name)?.slice(0, LONGEST_TEXT) ?? ''

  return new Elysia({ prefix: '/admin/models', detail: { hide: true } })
    .get(
      '/',
      handlers.page(async (view, request) => modelsPage(view, await listing(request))),
    )
    .get(
      '/aliases',
      handlers.page(async (view) => aliasesPage(view, await aliasObjects())),
    )
    .get(
      '/aliases/new',
      handlers.page((view) => aliasPage(view, { values: {}, problems: {} })),
    )
    .get(
      '/aliases/edit',
      handlers.page(async (view, request) => {
        const { name, route, revision } = await aliases.find(named(request, 'name'))
        return aliasPage(view, { values: aliasValues(name, route), problems: {}, revision })
      }),
    )
    .post(
      '/aliases',
      handlers.page(async (view, request) => saveAlias(view, await readForm(request))),
      ASIS,
    )
    .post(
      '/aliases/edit',
      handlers.page(async (view, request) => saveAlias(view, await readForm(request))),
      ASIS,
    )
    .post(
      '/aliases/remove',
      handlers.page(async (view, request) => {
        const name = (await readForm(request)).get('name') ?? ''
        await aliases.remove(view.operator, name)
        if (!view.isHtmx) return redirect(ALIASES, view)
        const said = modelWords[view.language].aliasRemoved(name)
        return html`${aliasesPart(view, await aliasObjects())}${notice(said)}`
      }),
      ASIS,
    )
    .get(
      '/prices',
      handlers.page(async (view) => pricesPage(view, await priceObjects())),
    )
    .get(
      '/prices/new',
      handlers.page((view, request) =>
        pricePage(view, {
          values: newPrice(named(request, 'model')),
          problems: {},
          models: modelIds(),
        }),
      ),
    )
    .get(
      '/prices/edit',
      handlers.page(async (view, request) => {
        const price = await prices.find(named(request, 'model'))
        const { revision } = await prices.toObject(price)
        return pricePage(view, { values: priceValues(price), problems: {}, revision, models: [] })
      }),
    )
    .post(
      '/prices',
      handlers.page(async (view, request) => savePrice(view, await readForm(request))),
      ASIS,
    )
    .post(
      '/prices/edit',
      handlers.page(async (view, request) => savePrice(view, await readForm(request))),
      ASIS,
    )
    .post(
      '/prices/remove',
      handlers.page(async (view, request) => {
        const model = (await readForm(request)).get('model') ?? ''
        await prices.remove(view.operator, model)
        if (!view.isHtmx) return redirect(PRICES, view)
        const said = modelWords[view.language].priceRemoved(model)
        return html`${pricesPart(view, await priceObjects())}${notice(said)}`
      }),
      ASIS,
    )
}
