import { ApiError } from '../errors'
import type { Kind } from '../pool/account'
import type { Catalog, Plan } from '../pool/catalog'
import type { Member } from '../pool/member'
import type { Upstream } from '../upstream/upstream'
import { notServed } from './dispatch'

/** What a work has to say for anyone to know who can do it. */
export interface Plannable {
  /** As the client asked for it. */
  readonly model: string
  /** Whether accounts of a kind can do it with a model. */
  readonly can: (upstream: Upstream, model: string) => boolean
  /** What a client learns that asks for it with a model that nobody can do it with. */
  readonly lacking: string
}

/** Who would be asked, and for which model as it knows it. */
export interface Able {
  readonly kind: Kind
  readonly upstream: Upstream
  readonly model: string
}

interface PlannerParts {
  readonly catalog: Catalog
  readonly upstreams: Readonly<Record<Kind, Upstream>>
}

/** Finds out who can do what is no turn of a conversation. */
export function createPlanner({ catalog, upstreams }: PlannerParts) {
  /**
   * The models that may do it, best first, with those accounts only whose kind can.
   *
   * @throws ApiError when nobody can do it with this model
   */
  function planOf({ model, can, lacking }: Plannable): Plan {
    const plan = catalog.find(model, 0) ?? notServed(model, catalog)
    const targets = plan.targets.flatMap(({ upstreamModel, candidates }) => {
      const able = candidates
        .map((group) => group.filter(({ kind }) => can(upstreams[kind], upstreamModel)))
        .filter(({ length }) => length > 0)
      return able.length > 0 ? [{ upstreamModel, candidates: able }] : []
    })
    if (targets.length > 0) return { ...plan, targets }
    throw new ApiError('invalid_value', lacking, { param: 'model' })
  }

  return {
    planOf,

    /** The kinds that would be asked to do it, best first. */
    kindsFor(work: Plannable): readonly Kind[] {
      const shelves = planOf(work).targets.flatMap(({ candidates }) => candidates.flat())
      return [...new Set(shelves.map(({ kind }) => kind))]
    },

    /** Everyone who would be asked to do it, best first. */
    ableFor(work: Plannable): readonly Able[] {
      return planOf(work).targets.flatMap(({ upstreamModel, candidates }) =>
        [...new Set(candidates.flat().map(({ kind }) => kind))].map((kind) => ({
          kind,
          upstream: upstreams[kind],
          model: upstreamModel,
        })),
      )
    },

    /** The model that an account was asked for, as it knows it. */
    modelOf({ shelf }: Member, model: string): string {
      const targets = catalog.find(model, 0)?.targets ?? []
      const found = targets.find(({ candidates }) => candidates.flat().some((one) => one === shelf))
      return found?.upstreamModel ?? model
    },
  }
}
