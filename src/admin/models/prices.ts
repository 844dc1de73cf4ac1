import { ApiError, SetupError } from '../../errors'
import { type Price, priceRevision } from '../../store/prices'
import { difference } from '../audit'
import type { Operator } from '../operator'
import type { AdminParts } from '../parts'
import type { PriceObject, PricePatch } from './schema'

type PriceParts = Pick<AdminParts, 'stores' | 'audit' | 'refresh'>

/** What operators see of their prices, and do to them. */
export function createPriceService({ stores, audit, refresh }: PriceParts) {
  async function find(model: string): Promise<Price> {
    const price = await stores.prices.find(model)
    if (price) return price
    throw new ApiError('not_found', `'${model.slice(0, 200)}' has no price of yours.`)
  }

  const toObject = async (price: Price): Promise<PriceObject> => ({
    object: 'price',
    ...shown(price),
    revision: await priceRevision(price),
  })

  return {
    all: async (): Promise<readonly Price[]> =>
      [...(await stores.prices.all()).values()].sort((a, b) => (a.model < b.model ? -1 : 1)),
    find,
    toObject,

    async create(operator: Operator, price: Price): Promise<Price> {
      refuseLong(price)
      if (!(await sane(stores.prices.create(price))))
        throw new ApiError(
          'already_exists',
          `'${price.model}' has a price of yours already. Change that one.`,
          { param: 'model' },
        )
      const { model, ...after } = shown(price)
      await audit(operator, { action: 'price.create', subject: model, after })
      await refresh()
      return price
    },

    /** @throws ApiError `revision_conflict` when it is no longer as it was seen */
    async change(
      operator: Operator,
      model: string,
      { revision, ...changes }: Partial<Price> & { readonly revision: string },
    ): Promise<Price> {
      const seen = await find(model)
      const price = { ...seen, ...changes }
      refuseLong(price)
      if (
        (await priceRevision(seen)) !== revision ||
        !(await sane(stores.prices.change(seen, price)))
      )
        throw new ApiError(
          'revision_conflict',
          `Somebody has changed the price of '${model}' meanwhile. Look at it again, and then change what you still want to change.`,
          { param: 'revision' },
        )
      const told = difference(shown(seen), shown(price))
      await audit(operator, { action: 'price.change', subject: model, ...told })
      await refresh()
      return price
    },

    async remove(operator: Operator, model: string): Promise<void> {
      const { model: _, ...before } = shown(await find(model))
      await stores.prices.remove(model)
      await audit(operator, { action: 'price.remove', subject: model, before })
      await refresh()
    },
  }
}

export type PriceService = ReturnType<typeof createPriceService>

/** A price by the names that it has outside. */
export const shown = (price: Price) => ({
  model: price.model,
  input: price.input,
  output: price.output,
  cached: price.cached,
  long_from: price.longFrom,
  long_input: price.longInput,
  long_cached: price.longCached,
  long_output: price.longOutput,
})

/** What a call of the API says of a price, and nothing about what it does not mention. */
export function priceOf(given: Omit<PricePatch, 'revision'>): Partial<Price> {
  const { long_from, long_input, long_cached, long_output, ...same } = given
  return {
    ...same,
    ...(long_from !== undefined && { longFrom: long_from }),
    ...(long_input !== undefined && { longInput: long_input }),
    ...(long_cached !== undefined && { longCached: long_cached }),
    ...(long_output !== undefined && { longOutput: long_output }),
  }
}

/** What stands where nothing was said. */
export const NO_MORE = {
  cached: null,
  longFrom: null,
  longInput: null,
  longCached: null,
  longOutput: null,
} as const

function refuseLong({ longFrom, longInput, longCached, longOutput }: Price): void {
  if (longFrom === null && [longInput, longCached, longOutput].some((value) => value !== null))
    throw new ApiError(
      'invalid_value',
      'Prices of long prompts need "long_from": from how many prompt tokens on they hold.',
      { param: 'long_from' },
    )
}

/** What the store takes for no price is the caller's mistake. */
const sane = <T>(work: Promise<T>): Promise<T> =>
  work.catch((problem) => {
    if (!(problem instanceof SetupError)) throw problem
    throw new ApiError('invalid_value', `${problem.message} ${problem.remedy}`)
  })
