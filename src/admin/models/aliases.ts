import { ApiError } from '../../errors'
import { type RouteProblem, routeProblem } from '../../operator/alias-rules'
import type { Route, StoredAlias } from '../../store/aliases'
import type { Operator } from '../operator'
import type { AdminParts } from '../parts'
import type { AliasObject } from './schema'
import { modelWords } from './words'

type AliasParts = Pick<AdminParts, 'stores' | 'catalog' | 'audit' | 'refresh'>

/** What operators see of aliases, and do to them. */
export function createAliasService({ stores, catalog, audit, refresh }: AliasParts) {
  /** @throws ApiError where the route cannot be meant */
  async function refuse(name: string, route: Route): Promise<void> {
    const problem = routeProblem(name, route, await stores.aliases.routes())
    if (problem)
      throw new ApiError('invalid_value', routeProblemText('en', problem), {
        param: problem.kind === 'target' ? 'name' : 'targets',
      })
  }

  async function find(name: string): Promise<StoredAlias> {
    const alias = await stores.aliases.find(name)
    if (alias) return alias
    throw new ApiError('not_found', `There is no alias '${name.slice(0, 200)}'.`)
  }

  return {
    all: () => stores.aliases.all(),
    find,

    /** What is wrong with a route, if anything is. */
    problemOf: async (name: string, route: Route): Promise<RouteProblem | undefined> =>
      routeProblem(name, route, await stores.aliases.routes()),

    async create(operator: Operator, name: string, wanted: Route): Promise<StoredAlias> {
      const route = tidy(wanted)
      await refuse(name, route)
      if (!(await stores.aliases.create(name, route))) {
        // Somebody else may have made an alias of one of its models meanwhile.
        await refuse(name, route)
        throw new ApiError(
          'already_exists',
          `There is an alias '${name}' already. Change that one.`,
          {
            param: 'name',
          },
        )
      }
      await audit(operator, { action: 'alias.create', subject: name, after: { ...route } })
      await refresh()
      return find(name)
    },

    /** @throws ApiError `revision_conflict` when it is no longer as it was seen */
    async change(
      operator: Operator,
      name: string,
      { revision, ...changes }: Partial<Route> & { readonly revision: string },
    ): Promise<StoredAlias> {
      const seen = await find(name)
      const route = tidy({ ...seen.route, ...changes })
      await refuse(name, route)
      if (seen.revision !== revision || !(await stores.aliases.change(seen, route))) {
        await refuse(name, route)
        throw new ApiError(
          'revision_conflict',
          `Somebody has changed the alias '${name}' meanwhile. Look at it again, and then change what you still want to change.`,
          { param: 'revision' },
        )
      }
      const [before, after] = [{ ...seen.route }, { ...route }]
      await audit(operator, { action: 'alias.change', subject: name, before, after })
      await refresh()
      return find(name)
    },

    async remove(operator: Operator, name: string): Promise<void> {
      const { route } = await find(name)
      await stores.aliases.remove(name)
      await audit(operator, { action: 'alias.remove', subject: name, before: { ...route } })
      await refresh()
    },

    /** An alias with what is served of it now. */
    toObject: ({ name, route, revision }: StoredAlias): AliasObject => ({
      object: 'alias',
      name,
      mode: route.mode,
      targets: route.targets.map((target) => ({ ...target })),
      also: [...(route.also ?? [])],
      listed: catalog.isListed(name),
      unknown_models: route.targets
        .map(({ model }) => model)
        .filter((model) => catalog.servers(model).length === 0),
      hides_model: catalog.servers(name).length > 0,
      revision,
    }),
  }
}

export type AliasService = ReturnType<typeof createAliasService>

/** Weights where turns are split, and nowhere else. */
const tidy = ({ mode, targets, also = [] }: Route): Route => ({
  mode,
  targets: targets.map(({ model, weight = 1 }) =>
    mode === 'split' ? { model, weight } : { model },
  ),
  ...(also.length > 0 && { also: [...new Set(also)] }),
})

/** Why a route cannot be meant, in words. */
export function routeProblemText(
  language: keyof typeof modelWords,
  { kind, model, user = '' }: RouteProblem,
): string {
  const say = modelWords[language]
  if (kind === 'none') return say.problemNone
  if (kind === 'twice') return say.problemTwice(model)
  if (kind === 'alias') return say.problemAlias(model)
  return say.problemTarget(model, user)
}
