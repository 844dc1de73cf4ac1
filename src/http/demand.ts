import type { Key } from '../store/keys'
import type { Route } from '../store/schema'

/** What is counted by the day. */
export type Feature = 'chat' | 'heavy' | 'image' | 'video'

/** What a turn asks for, before anyone was asked. */
export interface Demand {
  readonly requestId: string
  /** As the ledger names it. */
  readonly endpoint: string
  readonly stream: boolean
  readonly model: string
  /** A chat with a model that counts as heavy is one of both. Nothing is counted when absent. */
  readonly feature?: Exclude<Feature, 'heavy'> | undefined
  /** Pictures or videos; one if absent. */
  readonly count?: number
  /** The request as it was sent, for a guess at its tokens. */
  readonly text: string
  /** The most tokens that it allows the answer. */
  readonly maxOutput: number
}

/** What a turn is expected to take. */
export interface Estimate {
  readonly feature: Feature | undefined
  readonly count: number
  readonly tokens: number
  readonly costTicks: number
}

export interface EstimateParts {
  /** Whether a model counts as heavy. */
  readonly isHeavy: (model: string) => boolean
  /** In ticks: 10^10 are one US dollar. */
  readonly estimateCost: (model: string, inputTokens: number, outputTokens: number) => number
}

const HEAVY = /(^|-)heavy$/

/**
 * Whether a model, by its upstream name, is one that keys may have a quota of their own for. Of a
 * route any one counts: nobody knows yet which will answer.
 */
export const isHeavyModel = (model: string, route: Route | undefined): boolean =>
  route ? route.targets.some((target) => HEAVY.test(target.model)) : HEAVY.test(model)

const BYTES_PER_TOKEN = 4
/** A shorter text holds no picture worth looking for. */
const SHORT = 4096

/** Guess what a turn will take, as far as its key's limits need a guess. */
export const createEstimate =
  ({ isHeavy, estimateCost }: EstimateParts) =>
  (key: Key, { model, feature, count = 1, text, maxOutput }: Demand): Estimate => {
    const isMoney = key.dailyCostTicks !== null || key.monthlyCostTicks !== null
    const input = isMoney || key.tokensPerMinute !== null ? promptTokens(text) : 0
    return {
      feature: feature === 'chat' && key.dailyHeavy !== null && isHeavy(model) ? 'heavy' : feature,
      count,
      tokens: input + maxOutput,
      costTicks: isMoney ? estimateCost(model, input, maxOutput) : 0,
    }
  }

/** Pictures and files within a body are no text. */
function promptTokens(text: string): number {
  const prompt = text.length > SHORT ? text.replaceAll(/"data:[^"]{256,}"/g, '') : text
  return Math.ceil(prompt.length / BYTES_PER_TOKEN)
}
