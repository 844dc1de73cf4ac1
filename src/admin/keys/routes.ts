import { Elysia } from 'elysia'
import { ApiError } from '../../errors'
import { mayUse } from '../../http/allow-list'
import type { NamedKey } from '../../store/keys'
import { markupAnswer, notice, redirect } from '../answers'
import { readForm } from '../form'
import type { OwnView } from '../handlers'
import { html } from '../html'
import type { AdminParts } from '../parts'
import { shell } from '../shell'
import { type FormValues, readKeyForm, readNewKeyForm, valuesOf } from './form'
import { limitFields, newPage, newPart } from './form-page'
import { keyPage, keyPart } from './key-page'
import { listPage, listPart, PAGE, revokePart, stateStats } from './list-page'
import { madePart } from './made-page'
import { matchesPart } from './matches'
import { PRESET_LIMITS, PRESETS } from './presets'
import { keyPath, pathOf, readQuery } from './query'
import type { KeyService } from './service'
import { keyWords } from './words'

interface ById {
  readonly id: string
}

const ASIS = { parse: 'none' } as const
const UNPROCESSABLE = 422

/** The pages of keys. */
export function keyRoutes({ handlers, catalog, now, settings }: AdminParts, keys: KeyService) {
  const modelIds = () => catalog.list().map(({ id }) => id)
  const terms = () => ({ now: now(), zoneMinutes: settings().time_zone_minutes })

  async function listing(params: URLSearchParams) {
    const query = readQuery(params)
    const [found, counts] = await Promise.all([
      keys.list(query, { limit: PAGE, offset: (query.page - 1) * PAGE }),
      keys.counts(),
    ])
    return { query, found, counts }
  }

  async function shown(id: string) {
    const seen = await keys.find(id)
    const values = valuesOf(seen.key, settings().time_zone_minutes)
    return {
      seen,
      form: { values, problems: {}, models: modelIds() },
      revision: seen.key.version,
    }
  }

  /** What was done to one key, on its page. */
  async function after(view: OwnView, id: string, said: string) {
    if (!view.isHtmx) return redirect(keyPath(id), view)
    return html`${keyPart(view, await shown(id))}${notice(said)}`
  }

  async function change(view: OwnView, id: string, values: FormValues) {
    const { seen } = await shown(id)
    const { changes, problems } = readKeyForm(values, {
      ...terms(),
      shown: { expires_at: values.shown_expires_at ?? '' },
    })
    const revision = Number(values.revision)
    const again = (status: number, isConflict = false) => {
      const form = { values, problems, models: modelIds() }
      const part = { seen, form, revision, isConflict }
      return markupAnswer(view.isHtmx ? keyPart(view, part) : keyPage(view, part), status)
    }
    if (Object.keys(problems).length > 0) return again(UNPROCESSABLE)
    try {
      await keys.change(view.operator, id, { ...changes, version: revision })
    } catch (problem) {
      if (problem instanceof ApiError && problem.code === 'revision_conflict')
        return again(problem.status, true)
      throw problem
    }
    return after(view, id, keyWords[view.language].saved)
  }

  async function bulk(view: OwnView, form: URLSearchParams) {
    const say = keyWords[view.language]
    const ids = form.getAll('id')
    const path = pathOf(
      readQuery(
        URL.parse(form.get('query') ?? '', 'http://x')?.searchParams ?? new URLSearchParams(),
      ),
    )
    const action = form.get('action')
    if (ids.length === 0) throw new ApiError('invalid_value', say.nothingTicked)
    if (action === 'revoke') {
      const part = revokePart(view, { query: path, keys: await named(ids) })
      return view.isHtmx ? part : shell(view, { title: say.title, main: part })
    }
    const said = await changed(view, action, ids)
    if (!view.isHtmx) return redirect(path, view)
    const now = await listing(new URL(path, 'http://x').searchParams)
    return html`${listPart(view, now)}${notice(said)}
      <hx-partial hx-target="#work" hx-swap="innerHTML"></hx-partial>
      <hx-partial hx-target="#key-states" hx-swap="innerHTML">${stateStats(view, now.counts)}</hx-partial>`
  }

  async function named(ids: readonly string[]): Promise<readonly NamedKey[]> {
    const found = await Promise.all(ids.slice(0, PAGE).map((id) => keys.changeable(id)))
    return found.map(({ id, name }) => ({ id, name }))
  }

  async function changed(view: OwnView, action: string | null, ids: readonly string[]) {
    const say = keyWords[view.language]
    if (action === 'revoke-now')
      return say.revokedMany((await keys.revoke(view.operator, ids)).length)
    if (action === 'enable')
      return say.enabledMany((await keys.enable(view.operator, ids, true)).length)
    if (action === 'disable')
      return say.disabledMany((await keys.enable(view.operator, ids, false)).length)
    throw new ApiError('invalid_value', `Nothing is called '${String(action).slice(0, 20)}'.`)
  }

  return new Elysia({ prefix: '/admin/keys', detail: { hide: true } })
    .get(
      '/',
      handlers.page(async (view, request) =>
        listPage(view, await listing(new URL(request.url).searchParams)),
      ),
    )
    .get(
      '/new',
      handlers.page((view, request) =>
        newPage(view, { values: presetOf(request), problems: {}, models: modelIds() }),
      ),
    )
    .get(
      '/limits',
      handlers.page((view, request) =>
        limitFields(view, { values: presetOf(request), problems: {}, models: [] }),
      ),
    )
    .get(
      '/matches',
      handlers.page((view, request) => {
        const text = new URL(request.url).searchParams.get('models') ?? ''
        return matchesPart(view, text, modelIds())
      }),
    )
    .post(
      '/',
      handlers.page(async (view, request) => {
        const values = Object.fromEntries(await readForm(request))
        const models = modelIds()
        const { wanted, count, problems } = readNewKeyForm(values, terms())
        if (Object.keys(problems).length > 0) {
          const state = { values, problems, models }
          const again = view.isHtmx ? newPart(view, state) : newPage(view, state)
          return markupAnswer(again, UNPROCESSABLE)
        }
        const made =
          count === 1
            ? await keys.create(view.operator, wanted)
            : await keys.createMany(view.operator, wanted, count)
        const model = models.find((id) => mayUse({ models: wanted.models ?? null }, id)) ?? 'grok-4'
        const part = madePart(view, { keys: made, model })
        const title = keyWords[view.language].newTitle
        return view.isHtmx ? part : shell(view, { title, main: part })
      }),
      ASIS,
    )
    .post(
      '/bulk',
      handlers.page(async (view, request) => bulk(view, await readForm(request))),
      ASIS,
    )
    .get(
      '/:id',
      handlers.page(async (view, _, { id }: ById) => keyPage(view, await shown(id))),
    )
    .post(
      '/:id',
      handlers.page(async (view, request, { id }: ById) =>
        change(view, id, Object.fromEntries(await readForm(request))),
      ),
      ASIS,
    )
    .post(
      '/:id/enable',
      handlers.page(async (view, _, { id }: ById) => {
        const { name } = await keys.changeable(id)
        await keys.enable(view.operator, [id], true)
        return after(view, id, keyWords[view.language].enabledOne(name))
      }),
      ASIS,
    )
    .post(
      '/:id/disable',
      handlers.page(async (view, _, { id }: ById) => {
        const { name } = await keys.changeable(id)
        await keys.enable(view.operator, [id], false)
        return after(view, id, keyWords[view.language].disabledOne(name))
      }),
      ASIS,
    )
    .post(
      '/:id/revoke',
      handlers.page(async (view, _, { id }: ById) => {
        const { name } = await keys.changeable(id)
        await keys.revoke(view.operator, [id])
        return after(view, id, keyWords[view.language].revokedOne(name))
      }),
      ASIS,
    )
}

function presetOf(request: Request): FormValues {
  const given = new URL(request.url).searchParams.get('preset')
  const preset = PRESETS.find((one) => one === given)
  return preset ? PRESET_LIMITS[preset] : {}
}
