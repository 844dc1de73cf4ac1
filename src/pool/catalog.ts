import type { Route, UpstreamModel } from '../store/schema'
import type { Kind } from './account'
import { newHost } from './host'
import { type Candidates, type Host, type Member, newShelf, type Shelf } from './member'
import type { Pool } from './pool'
import { mix } from './ring'
import { shelve } from './shelving'

/** A public model and who can serve it. */
interface Offer {
  readonly model: UpstreamModel
  readonly candidates: Shelf[][]
}

/** One model that may serve a turn, and who has it. */
export interface Target {
  readonly upstreamModel: string
  readonly candidates: Candidates
}

/** The models that may serve a turn, in the order they are tried. */
export interface Plan {
  readonly targets: readonly Target[]
  /** Refusals of a request that lead to the next one too. */
  readonly also: NonNullable<Route['also']>
}

type Priorities = Readonly<Record<Kind, number>>
type Models = readonly UpstreamModel[]

interface CatalogParts {
  readonly pool: Pool
  readonly now: () => number
  /** Turns that wait may find an account now. */
  readonly onChange: () => void
}

/**
 * What the accounts of the pool offer together: their upstreams' model lists, merged, and the
 * operator's aliases on top.
 *
 * Accounts with the same list on the same host share a shelf, so that what is worked out here grows
 * with the lists, not with the accounts.
 */
export function createCatalog({ pool, now, onChange }: CatalogParts) {
  /** Each list once, however many accounts have it. */
  const distinct = new Map<string, Models>()
  const lists = new Map<string, Models>()
  const hosts = new Map<string, Host>()
  const shelves = new Map<string, Map<Models | undefined, Shelf>>()
  let priorities: Priorities = { xai: 1, openai: 2, web: 3, demo: 4 }
  let routes: ReadonlyMap<string, Route> = new Map()
  let offers = new Map<string, Offer>()
  let plans = new Map<string, Plan | undefined>()
  let listed: Models = []
  let names: ReadonlySet<string> = new Set()
  /** Accounts whose list was never seen: asked when those that list a model cannot, or none does. */
  let unlisted: Shelf[][] = []
  let byKind: ReadonlyMap<Kind, Shelf[]> = new Map()
  let stale = true

  function intern(models: Models): Models {
    const text = JSON.stringify(models)
    const known = distinct.get(text) ?? models
    distinct.set(text, known)
    return known
  }

  function shelfOf({ account }: Member): Shelf {
    const { id, kind, baseUrl, models, offers } = account
    const list = models
      ? intern(models.map((model) => ({ id: model })))
      : (offers?.models ?? lists.get(id))
    const place = `${kind} ${baseUrl} ${offers?.rank ?? ''}`
    const own = shelves.get(place) ?? new Map<Models | undefined, Shelf>()
    shelves.set(place, own)
    const known = own.get(list)
    if (known) return known
    const host = hosts.get(baseUrl) ?? newHost()
    hosts.set(baseUrl, host)
    const shelf = newShelf({ kind, host, models: list, offers })
    own.set(list, shelf)
    return shelf
  }

  function place(member: Member) {
    const old = member.shelf
    const shelf = shelfOf(member)
    if (shelf === old) return
    shelve(member, shelf, now())
    // Only a shelf that came into use, or fell out of it, changes what is on offer.
    if (shelf.members.length === 1 || old?.members.length === 0) stale = true
  }

  function rebuild() {
    stale = false
    const found = new Map<string, { model: UpstreamModel; shelves: Shelf[] }>()
    const hidden = new Map<string, { model: UpstreamModel; shelves: Shelf[] }>()
    const blank: Shelf[] = []
    const used = inUse()
    const note = (into: typeof found, id: string, model: UpstreamModel, shelf: Shelf) => {
      const entry = into.get(id)
      if (entry) entry.shelves.push(shelf)
      else into.set(id, { model, shelves: [shelf] })
    }
    for (const shelf of used) {
      if (!shelf.models) blank.push(shelf)
      for (const model of shelf.models ?? []) {
        note(found, model.id, model, shelf)
        for (const alias of model.aliases ?? []) note(hidden, alias, { ...model, id: alias }, shelf)
      }
    }
    unlisted = renewed(unlisted, byPriority(blank))
    byKind = Map.groupBy(used, ({ kind }) => kind)
    const before = offers
    offers = new Map()
    for (const [id, { model, shelves: having }] of [...hidden, ...found]) {
      const candidates = renewed(before.get(id)?.candidates, [...byPriority(having), ...unlisted])
      offers.set(id, { model, candidates })
    }
    plans = new Map()
    const models = new Map([...found.values()].map(({ model }) => [model.id, model]))
    for (const [name, { targets }] of routes) {
      const offer = targets.map(({ model }) => offers.get(model)).find(Boolean)
      if (offer) models.set(name, { ...offer.model, id: name })
    }
    listed = [...models.values()].sort((a, b) => (a.id < b.id ? -1 : 1))
    names = new Set(models.keys())
  }

  /** Shelves with accounts on them; the others go, with what only they needed. */
  function inUse(): Shelf[] {
    for (const [where, own] of shelves) {
      for (const [list, { members }] of own) if (members.length === 0) own.delete(list)
      if (own.size === 0) shelves.delete(where)
    }
    const used = [...shelves.values()].flatMap((own) => [...own.values()])
    const usedLists = new Set(used.map(({ models }) => models))
    for (const [text, list] of distinct) if (!usedLists.has(list)) distinct.delete(text)
    const usedHosts = new Set(used.map(({ host }) => host))
    for (const [url, host] of hosts) if (!usedHosts.has(host)) hosts.delete(url)
    return used
  }

  function byPriority(having: readonly Shelf[]): Shelf[][] {
    const groups = Map.groupBy(
      having,
      ({ kind, offers }) => priorities[kind] + (offers?.rank ?? 0) / RANKS,
    )
    return [...groups].sort(([a], [b]) => a - b).map(([, group]) => group)
  }

  function targetOf(model: string): Target | undefined {
    const candidates = offers.get(model)?.candidates ?? unlisted
    return candidates.length > 0 ? { upstreamModel: model, candidates } : undefined
  }

  /** The names that a route leads to, best first; a conversation stays with its part of a split. */
  function order({ mode, targets }: Route, conversation: number): readonly string[] {
    if (mode === 'order') return targets.map(({ model }) => model)
    const total = targets.reduce((sum, { weight = 1 }) => sum + weight, 0)
    let point = (mix(conversation) / 2 ** 32) * total
    for (const { model, weight = 1 } of targets) {
      point -= weight
      if (point < 0) return [model]
    }
    return targets.slice(-1).map(({ model }) => model)
  }

  function planOf(names: readonly string[], also: Plan['also']): Plan | undefined {
    const targets = names.map(targetOf).filter((target) => target !== undefined)
    return targets.length > 0 ? { targets, also } : undefined
  }

  /** Names that no upstream lists are not remembered: clients make them up without end. */
  function planned(id: string): Plan | undefined {
    const known = plans.get(id)
    if (known) return known
    const route = routes.get(id)
    const plan = route ? planOf(order(route, 0), route.also ?? []) : planOf([id], [])
    if (plan && (route || offers.has(id))) plans.set(id, plan)
    return plan
  }

  return {
    /** The accounts, their priorities or the aliases have changed. */
    update(changed: {
      readonly priorities: Priorities
      readonly routes: ReadonlyMap<string, Route>
    }): void {
      priorities = changed.priorities
      routes = changed.routes
      for (const member of pool.members()) place(member)
      rebuild()
      onChange()
    },

    /** Model lists of accounts have been learnt. */
    learn(learnt: Iterable<readonly [accountId: string, list: Models]>): void {
      for (const [accountId, list] of learnt) {
        lists.set(accountId, intern(list))
        const member = pool.member(accountId)
        if (member) place(member)
      }
      if (stale) rebuild()
      onChange()
    },

    /** Every model that some account can serve, now or after a rest. */
    list: (): Models => listed,

    /** Whether a model is in the list, under this name. */
    isListed: (id: string): boolean => names.has(id),

    /** The accounts that list a model, the preferred ones first, by the shelves that they share. */
    servers: (id: string): readonly Shelf[] =>
      offers.get(id)?.candidates.flatMap((group) => group.filter(({ models }) => models)) ?? [],

    /** How many accounts have never told what they offer: they are asked for what nobody lists. */
    unlisted: (): number => unlisted.flat().reduce((sum, { members }) => sum + members.length, 0),

    /** One model, under any of its names. */
    model: (id: string): UpstreamModel | undefined =>
      listed.find((model) => model.id === id) ?? offers.get(id)?.model,

    /**
     * Who can serve a model, and under which name an upstream knows it; undefined when nobody does.
     * While some account's list is not known yet, that account may.
     *
     * @param conversation a hash by which a split route chooses
     */
    find(id: string, conversation: number): Plan | undefined {
      const route = routes.get(id)
      if (route?.mode !== 'split') return planned(id)
      const [name = id] = order(route, conversation)
      return planned(name)
    },

    /** Everyone of a kind, for calls that no model list tells about; undefined when there is none. */
    ofKind(kind: Kind, model: string): Plan | undefined {
      const shelves = byKind.get(kind)?.filter(({ members }) => members.length > 0) ?? []
      if (shelves.length === 0) return
      return { targets: [{ upstreamModel: model, candidates: [shelves] }], also: [] }
    },
  }
}

/** Ranks are less than so many: they tell apart accounts of one priority only. */
const RANKS = 16

/** The same list with new content: turns that wait hold on to it. */
function renewed(list: Shelf[][] | undefined, groups: readonly Shelf[][]): Shelf[][] {
  if (!list) return [...groups]
  list.splice(0, list.length, ...groups)
  return list
}

export type Catalog = ReturnType<typeof createCatalog>
