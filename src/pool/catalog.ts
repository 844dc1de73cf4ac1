import type { UpstreamModel } from '../store/schema'
import type { Kind } from './account'
import type { Candidates, Member, Pool } from './pool'

/** A public model and who can serve it. */
export interface Offer {
  readonly model: UpstreamModel
  readonly candidates: Candidates
}

type Priorities = Readonly<Record<Kind, number>>

/**
 * What the accounts of the pool offer together: their upstreams' model lists, merged, and the
 * operator's aliases on top.
 */
export function createCatalog(pool: Pool) {
  const lists = new Map<string, readonly UpstreamModel[]>()
  let priorities: Priorities = { xai: 1, openai: 2, demo: 4 }
  let aliases: ReadonlyMap<string, string> = new Map()
  let offers = new Map<string, Offer>()
  let listed: readonly UpstreamModel[] = []
  let names: ReadonlySet<string> = new Set()

  /** Accounts whose list was never seen: asked when those that list a model cannot, or none does. */
  let unlisted: Candidates = []

  function rebuild() {
    const found = new Map<string, { model: UpstreamModel; members: Member[] }>()
    const hidden = new Map<string, { model: UpstreamModel; members: Member[] }>()
    const blank: Member[] = []
    const note = (into: typeof found, id: string, model: UpstreamModel, member: Member) => {
      const entry = into.get(id)
      if (entry) entry.members.push(member)
      else into.set(id, { model, members: [member] })
    }
    for (const member of pool.members()) {
      const { account } = member
      const named = account.models?.map((id): UpstreamModel => ({ id }))
      const list = named ?? lists.get(account.id)
      if (!list) blank.push(member)
      for (const model of list ?? []) {
        note(found, model.id, model, member)
        for (const alias of model.aliases ?? [])
          note(hidden, alias, { ...model, id: alias }, member)
      }
    }
    unlisted = byPriority(blank)
    offers = new Map()
    for (const [id, { model, members }] of [...hidden, ...found])
      offers.set(id, { model, candidates: [...byPriority(members), ...unlisted] })
    const own = [...aliases].flatMap(([name, target]) => {
      const offer = offers.get(target)
      return offer ? [{ ...offer.model, id: name }] : []
    })
    const models = new Map([...found.values()].map(({ model }) => [model.id, model]))
    for (const model of own) models.set(model.id, model)
    listed = [...models.values()].sort((a, b) => (a.id < b.id ? -1 : 1))
    names = new Set(models.keys())
  }

  function byPriority(members: readonly Member[]): Member[][] {
    const groups = Map.groupBy(members, ({ account }) => priorities[account.kind])
    return [...groups].sort(([a], [b]) => a - b).map(([, group]) => group)
  }

  return {
    /** The accounts, their priorities or the aliases have changed. */
    update(changed: {
      readonly priorities: Priorities
      readonly aliases: ReadonlyMap<string, string>
    }) {
      priorities = changed.priorities
      aliases = changed.aliases
      rebuild()
    },

    /** Model lists of accounts have been learnt. */
    learn(learnt: Iterable<readonly [accountId: string, list: readonly UpstreamModel[]]>) {
      for (const [accountId, list] of learnt) lists.set(accountId, list)
      rebuild()
    },

    /** Every model that some account can serve, now or after a rest. */
    list: (): readonly UpstreamModel[] => listed,

    /** Whether a model is in the list, under this name. */
    isListed: (id: string): boolean => names.has(id),

    /** One model, under any of its names. */
    model: (id: string): UpstreamModel | undefined =>
      listed.find((model) => model.id === id) ?? offers.get(id)?.model,

    /**
     * Who can serve a model, and under which name an upstream knows it; undefined when nobody does.
     * While some account's list is not known yet, that account may.
     */
    find(
      id: string,
    ): { readonly upstreamModel: string; readonly candidates: Candidates } | undefined {
      const upstreamModel = aliases.get(id) ?? id
      const candidates = offers.get(upstreamModel)?.candidates ?? unlisted
      return candidates.length > 0 ? { upstreamModel, candidates } : undefined
    },
  }
}

export type Catalog = ReturnType<typeof createCatalog>
