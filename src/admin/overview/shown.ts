import type { Static } from 'typebox'
import type { Sums } from '../../store/ledger-rollups'
import type { OverviewObject, SumsObject } from './schema'
import type { Overview, Top } from './service'
import { meanOf, succeeded } from './traffic'

const HOUR_S = 3_600

/** Sums as the API shows them. */
export function sumsObject(sums: Sums): SumsObject {
  const mean = meanOf(sums)
  return {
    requests: sums.turns,
    succeeded: succeeded(sums),
    failed: sums.failures,
    left: sums.gone,
    input_tokens: sums.inputTokens,
    cached_tokens: sums.cachedTokens,
    output_tokens: sums.outputTokens,
    reasoning_tokens: sums.reasoningTokens,
    cost_usd_ticks: sums.costTicks,
    mean_ms: mean === undefined ? null : Math.round(mean),
  }
}

const topObject = (top: Top) => ({ id: top.name, name: top.shown ?? null, ...sumsObject(top) })

/** How the gateway does, as the API shows it. */
export const overviewObject = (overview: Overview): Static<typeof OverviewObject> => {
  const { at, traffic, latency, pool, attention, topKeys, topModels } = overview
  return {
    object: 'overview',
    created_at: Math.floor(at / 1000),
    today: sumsObject(traffic.today),
    yesterday_until_now: sumsObject(traffic.yesterday),
    last_24_hours: sumsObject(traffic.day),
    day_before: sumsObject(traffic.dayBefore),
    hours: traffic.hours.map((one) => ({ starts_at: one.hour * HOUR_S, ...sumsObject(one) })),
    days: traffic.days.map(({ day, sums }) => ({ day, ...sumsObject(sums) })),
    latency: {
      requests: latency.turns,
      p50_ms: latency.p50 ?? null,
      p95_ms: latency.p95 ?? null,
      first_byte_p50_ms: latency.firstByteP50 ?? null,
      first_byte_p95_ms: latency.firstByteP95 ?? null,
    },
    pool: pool.map(({ tier, ...health }) => ({ ...health, tier: tier ?? null })),
    attention: attention.map(({ says, ...one }) => ({ ...one, says: says ?? null })),
    top_keys: topKeys.map(topObject),
    top_models: topModels.map(topObject),
  }
}
