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
  /**
   * A chat with a model that counts as heavy is one of both; one with a model that makes pictures or
   * videos is one of those instead. Nothing is counted when absent.
   */
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
  /** What a chat with a model is. */
  readonly featureOf: (model: string) => Feature
  /** In ticks: 10^10 are one US dollar. */
  readonly estimateCost: (model: string, inputTokens: number, outputTokens: number) => number
}

/** Models that keys may have quotas of their own for, by their upstream names; the dearest first. */
const FEATURES: readonly (readonly [feature: Feature, names: RegExp])[] = [
  ['video', /^grok-imagine-(?:.*-)?video$/],
  ['image', /^grok-imagine-/],
  ['heavy', /(^|-)heavy$/],
]

/** What a chat with a model is. Of a route any one counts: nobody knows yet which will answer. */
export function chatFeature(model: string, route: Route | undefined): Feature {
  for (const [feature, names] of FEATURES)
    if (route ? route.targets.some((target) => names.test(target.model)) : names.test(model))
      return feature
  return 'chat'
}

/** How many pictures a chat makes that draws. */
const PICTURES = 2

const BYTES_PER_TOKEN = 4
/** A shorter text holds no picture worth looking for. */
const SHORT = 4096

/** Guess what a turn will take, as far as its key's limits need a guess. */
export const createEstimate =
  ({ featureOf, estimateCost }: EstimateParts) =>
  (key: Key, demand: Demand): Estimate => {
    const { model, text, maxOutput } = demand
    const isMoney = key.dailyCostTicks !== null || key.monthlyCostTicks !== null
    const input = isMoney || key.tokensPerMinute !== null ? promptTokens(text) : 0
    const feature = demand.feature === 'chat' && isByDay(key) ? featureOf(model) : demand.feature
    return {
      feature,
      count: demand.count ?? (demand.feature === 'chat' && feature === 'image' ? PICTURES : 1),
      tokens: input + maxOutput,
      costTicks: isMoney ? estimateCost(model, input, maxOutput) : 0,
    }
  }

/** Whether it makes a difference what a chat is. */
const isByDay = ({ dailyChat, dailyHeavy, dailyImage, dailyVideo }: Key): boolean =>
  dailyChat !== null || dailyHeavy !== null || dailyImage !== null || dailyVideo !== null

/** Pictures and files within a body are no text. */
function promptTokens(text: string): number {
  const prompt = text.length > SHORT ? text.replaceAll(/"data:[^"]{256,}"/g, '') : text
  return Math.ceil(prompt.length / BYTES_PER_TOKEN)
}
