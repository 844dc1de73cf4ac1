import { listedPrice } from '../../ledger/price'
import { windowOf } from '../../pool/model'
import { type Serving, survey } from '../../pool/survey'
import type { Route, StoredAlias } from '../../store/aliases'
import type { Price } from '../../store/prices'
import { WEB_MODELS } from '../../upstream/web/models'
import type { AdminParts } from '../parts'
import { type Why, whyNot } from './why'

type CatalogParts = Pick<AdminParts, 'catalog' | 'pool' | 'stores' | 'settings' | 'now'>

/** A model: who serves it, what it costs, and why it is not listed if it is not. */
export interface SeenModel {
  readonly id: string
  readonly isListed: boolean
  readonly serving: readonly Serving[]
  readonly upstreamName: string
  readonly alsoCalled: readonly string[]
  readonly route: Route | undefined
  readonly costClass: number | undefined
  readonly contextLength: number | undefined
  readonly price: Price | undefined
  readonly priceSource: 'operator' | 'upstream' | undefined
  readonly whyNot: readonly Why[]
}

interface Part {
  readonly search?: string | undefined
  readonly limit: number
  readonly offset?: number
  readonly after?: string | undefined
}

/** Which models there are, and why others are not. */
export function createModelCatalog(parts: CatalogParts) {
  const { catalog, stores, settings, now } = parts

  async function context() {
    const [aliases, prices] = await Promise.all([stores.aliases.all(), stores.prices.all()])
    return { aliases: new Map(aliases.map((alias) => [alias.name, alias])), prices }
  }
  type Context = Awaited<ReturnType<typeof context>>

  /** An alias is served by who serves what it stands for. */
  const targetsOf = (id: string, { aliases }: Context): readonly string[] =>
    aliases.get(id)?.route.targets.map(({ model }) => model) ?? [id]

  async function see(ids: readonly string[], known: Context): Promise<readonly SeenModel[]> {
    const serving = survey(
      ids,
      (id) => [...new Set(targetsOf(id, known).flatMap((target) => catalog.servers(target)))],
      now(),
    )
    return Promise.all(
      ids.map(async (id) => {
        const alias = known.aliases.get(id)
        const isListed = catalog.isListed(id)
        return {
          ...described(id, alias, known),
          id,
          isListed,
          serving: serving.get(id) ?? [],
          route: alias?.route,
          whyNot: isListed ? [] : await whyNot(parts, id, alias),
        }
      }),
    )
  }

  function described(id: string, alias: StoredAlias | undefined, { prices }: Context) {
    const model = catalog.model(id)
    const web = WEB_MODELS.get(id)
    const [shelf] = catalog.servers(id)
    const own = prices.get(id)
    const listed = model && listedPrice(model)
    const form = settings().web_request
    return {
      upstreamName:
        web && shelf?.kind === 'web'
          ? form === 'g3'
            ? web.modeId
            : `${web.name} · ${web.mode}`
          : (alias?.route.targets.map((target) => target.model).join(', ') ?? id),
      alsoCalled: model?.aliases ?? [],
      costClass: shelf?.offers?.charges.get(id)?.cost,
      contextLength: windowOf(model),
      price: own ?? listed,
      priceSource: own ? ('operator' as const) : listed ? ('upstream' as const) : undefined,
    }
  }

  return {
    /** Those that fit, by name: what is listed, and aliases that lead nowhere now. */
    async list({ search, limit, offset = 0, after }: Part) {
      const known = await context()
      const all = new Set([...catalog.list().map(({ id }) => id), ...known.aliases.keys()])
      const part = search?.toLowerCase()
      const fitting = [...all]
        .filter(
          (id) =>
            !part || isLike(id, part) || targetsOf(id, known).some((one) => isLike(one, part)),
        )
        .sort()
      const from = after === undefined ? offset : fitting.findIndex((id) => id > after)
      const ids = from < 0 ? [] : fitting.slice(from, from + limit)
      return {
        models: await see(ids, known),
        total: fitting.length,
        hasMore: from >= 0 && from + limit < fitting.length,
      }
    },

    /** One model, whether there is such a one or not. */
    async find(id: string): Promise<SeenModel> {
      const [seen] = await see([id], await context())
      if (!seen) throw new Error('A model that was asked for was not looked at.')
      return seen
    },

    /** Whether somebody lists it, or it is an alias. */
    isKnown: (id: string): boolean => catalog.isListed(id) || catalog.servers(id).length > 0,
  }
}

export type ModelCatalog = ReturnType<typeof createModelCatalog>

const isLike = (id: string, part: string): boolean => id.toLowerCase().includes(part)
