import { ApiError } from '../../errors'
import type { Ending } from '../../http/admission'
import type { Outcome } from './draw'

/** Why a request for pictures failed; undefined where all of them were made. */
export function shortfall(outcome: Outcome, n: number): ApiError | undefined {
  const { made, blocked, failures } = outcome
  if (made === n) return
  const [first] = failures
  if (made > 0) return incomplete(outcome, n)
  if (blocked > 0) return FORBIDDEN
  return first ?? new ApiError('upstream_error', 'The upstream made no picture.')
}

const incomplete = ({ made, blocked, failures: [first] }: Outcome, n: number): ApiError =>
  new ApiError(
    'images_incomplete',
    `${made} of ${n} pictures were made, also after more tries${whyNot(blocked, first)}`,
    { cause: first },
  )

function whyNot(blocked: number, first: ApiError | undefined): string {
  if (blocked > 0) return ': the upstream blocked the others by its content policy.'
  return first ? `: ${first.message}` : '.'
}

const FORBIDDEN = new ApiError(
  'content_policy_violation',
  'The upstream made no picture of this: its content policy forbids it. Change the prompt or the pictures.',
  { param: 'prompt' },
)

/** What all calls of a request came to, for its key's limits. What was not made is given back. */
export function endingOf({ made, entries }: Outcome, isGone: boolean): Ending {
  const costs = entries.flatMap(({ costTicks }) => costTicks ?? [])
  const sources = new Set(entries.map(({ usageSource }) => usageSource))
  return {
    inputTokens: sum(entries.map(({ inputTokens }) => inputTokens)),
    outputTokens: sum(entries.map(({ outputTokens }) => outputTokens)),
    usageSource: (['reported', 'estimated'] as const).find((one) => sources.has(one)) ?? 'none',
    costTicks: costs.length > 0 ? sum(costs) : null,
    // Whoever leaves early does not get for nothing what is under way.
    ...(isGone ? { outcome: 'gone' } : { outcome: made > 0 ? 'done' : 'failed', count: made }),
  }
}

/** Nothing was asked of anyone. */
export const NOTHING_MADE: Outcome = { made: 0, blocked: 0, failures: [], entries: [] }

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0)
