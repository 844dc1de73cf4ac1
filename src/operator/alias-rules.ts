import type { Route } from '../store/aliases'

/** Why a route cannot be meant. */
export interface RouteProblem {
  /** Nothing is named; a model is named twice, or is an alias itself; the alias is a model of another. */
  readonly kind: 'none' | 'twice' | 'alias' | 'target'
  /** The model at fault. */
  readonly model: string
  /** The alias that it is a model of. */
  readonly user?: string
}

/**
 * What is wrong with a route, if anything is. Aliases of aliases could go round in circles, and nobody could
 * tell where a turn goes.
 */
export function routeProblem(
  name: string,
  { targets }: Route,
  known: ReadonlyMap<string, Route>,
): RouteProblem | undefined {
  const models = targets.map(({ model }) => model)
  if (models.length === 0) return { kind: 'none', model: '' }
  const twice = models.find((model, at) => models.indexOf(model) !== at)
  if (twice !== undefined) return { kind: 'twice', model: twice }
  const chained = models.find((model) => model === name || known.has(model))
  if (chained !== undefined) return { kind: 'alias', model: chained }
  for (const [user, route] of known)
    if (user !== name && route.targets.some(({ model }) => model === name))
      return { kind: 'target', model: name, user }
  return
}
