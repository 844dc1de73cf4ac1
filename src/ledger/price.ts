import { HIGHEST_PRICE, type Price } from '../store/prices'
import type { UpstreamModel } from '../store/schema'

/** The tokens of a turn; `cached` are part of `input`. */
interface Tokens {
  readonly input: number
  readonly cached: number
  readonly output: number
}

interface PricingParts {
  /** A model as its upstream describes it. */
  readonly modelOf: (name: string) => UpstreamModel | undefined
  readonly now: () => number
}

/** Ticks for one token: 10^10 ticks are one US dollar. */
interface Rate {
  readonly input: number
  readonly cached: number
  readonly output: number
}

interface Tariff {
  readonly base: Rate
  /** Holds for the whole turn when its prompt has so many tokens. */
  readonly longFrom: number
  readonly long: Rate
}

/** How soon a price that an upstream has changed is known, without a look at it every turn. */
const FRESH_MS = 10_000
const MOST_KNOWN = 10_000
const TICKS_PER_DOLLAR_A_MILLION = 10_000

/**
 * Knows what turns cost when their upstream does not say: by the operator's own price of the model,
 * else by the upstream's list.
 */
export function createPricing({ modelOf, now }: PricingParts) {
  let prices: ReadonlyMap<string, Price> = new Map()
  const known = new Map<string, Tariff | undefined>()
  let knownSince = 0

  function tariffOf(model: string): Tariff | undefined {
    const at = now()
    if (at - knownSince > FRESH_MS || known.size >= MOST_KNOWN) {
      known.clear()
      knownSince = at
    }
    const tariff = known.get(model)
    if (tariff || known.has(model)) return tariff
    const listed = modelOf(model)
    const price = prices.get(model) ?? (listed && listedPrice(listed))
    const found = price && toTariff(price)
    known.set(model, found)
    return found
  }

  function cost(model: string, { input, cached, output }: Tokens): number | null {
    const tariff = tariffOf(model)
    if (!tariff) return null
    const rate = input >= tariff.longFrom ? tariff.long : tariff.base
    const again = Math.min(cached, input)
    return Math.round((input - again) * rate.input + again * rate.cached + output * rate.output)
  }

  return {
    /** The operator's prices have changed. */
    update(changed: ReadonlyMap<string, Price>): void {
      prices = changed
      known.clear()
    },

    /** What a turn has cost, in ticks; null when nobody knows. */
    cost,

    /** What a turn may cost, in ticks; nothing when nobody knows. */
    estimate: (model: string, input: number, output: number): number =>
      cost(model, { input, cached: 0, output }) ?? 0,
  }
}

export type Pricing = ReturnType<typeof createPricing>

/** xAI lists US cents for a hundred million tokens. */
const LISTED_PER_DOLLAR = 10_000

/** The price in an upstream's own list, where it has one that can be true. */
export function listedPrice(model: UpstreamModel): Price | undefined {
  const dollars = (field: string): number | null => {
    const value = model[field]
    if (typeof value !== 'number' || !(value >= 0)) return null
    return value / LISTED_PER_DOLLAR <= HIGHEST_PRICE ? value / LISTED_PER_DOLLAR : null
  }
  const input = dollars('prompt_text_token_price')
  const output = dollars('completion_text_token_price')
  if (input === null || output === null) return
  const from = model.long_context_threshold
  return {
    model: model.id,
    input,
    output,
    cached: dollars('cached_prompt_text_token_price'),
    longFrom: typeof from === 'number' && from > 0 ? from : null,
    longInput: dollars('prompt_text_token_price_long_context'),
    longCached: dollars('cached_prompt_text_token_price_long_context'),
    longOutput: dollars('completion_text_token_price_long_context'),
  }
}

/** What is not said costs what the nearest thing costs that is: cached tokens are input. */
function toTariff(price: Price): Tariff {
  const { input, output, longFrom } = price
  const longInput = price.longInput ?? input
  return {
    base: toRate(input, price.cached ?? input, output),
    longFrom: longFrom ?? Number.POSITIVE_INFINITY,
    long: toRate(
      longInput,
      price.longCached ?? price.cached ?? longInput,
      price.longOutput ?? output,
    ),
  }
}

const toRate = (input: number, cached: number, output: number): Rate => ({
  input: input * TICKS_PER_DOLLAR_A_MILLION,
  cached: cached * TICKS_PER_DOLLAR_A_MILLION,
  output: output * TICKS_PER_DOLLAR_A_MILLION,
})
