import type { NamedSums } from '../../store/ledger-rollups'
import type { AdminParts } from '../parts'
import {
  type Attention,
  egressAttention,
  errorAttention,
  jobAttention,
  keyAttention,
  longLimits,
  NEARLY,
  poolAttention,
} from './attention'
import { type PoolHealth, poolHealth } from './pool-health'
import { dayBegins, firstHour, percentile, type Traffic, trafficOf } from './traffic'

/** How the gateway does. */
export interface Overview {
  readonly at: number
  readonly traffic: Traffic
  readonly latency: Latency
  readonly pool: readonly PoolHealth[]
  readonly attention: readonly Attention[]
  /** With the most turns of the last 24 hours. */
  readonly topKeys: readonly Top[]
  readonly topModels: readonly Top[]
}

/** Of the last turns that went well, in milliseconds. */
export interface Latency {
  readonly turns: number
  readonly p50: number | undefined
  readonly p95: number | undefined
  readonly firstByteP50: number | undefined
  readonly firstByteP95: number | undefined
}

/** A key or a model, and what its turns came to. */
export type Top = NamedSums & {
  /** What it is called; undefined where it is gone. */
  readonly shown: string | undefined
}

type OverviewParts = Pick<
  AdminParts,
  'stores' | 'pool' | 'snapshot' | 'ledger' | 'passwords' | 'settings' | 'now' | 'onFault'
>

const HOUR_MS = 3_600_000
const MOST_TOP = 8
const SLOW_MS = 500
/** So many turns wait within a quarter of a second at the busiest. */
const MANY_WAITING = 2_000
const OWN_KEYS: ReadonlySet<string> = new Set(['env', 'playground'])

/** Puts together how the gateway does: from memory, and from few rows of the database. */
export function createOverview(parts: OverviewParts) {
  const { stores, pool, snapshot, ledger, passwords, settings, now, onFault } = parts
  const { rollups, recent } = stores

  /** In the same breath: over a network it is one question. */
  async function stored(at: number) {
    const zoneMinutes = settings().time_zone_minutes
    const keys = [...(snapshot()?.keys.values() ?? [])]
    const [series, topKeys, topModels, latencies, errors, turns, egress, jobs, isSet, shares] =
      await Promise.all([
        rollups.series(firstHour(at)),
        rollups.top('key', dayBegins(at), MOST_TOP),
        rollups.top('model', dayBegins(at), MOST_TOP),
        recent.latencies(),
        recent.errors(at - HOUR_MS),
        recent.turns(at - HOUR_MS),
        recent.egress(at - HOUR_MS),
        stores.jobs.all(),
        passwords.isSet(),
        stores.nearLimits(longLimits(keys, at, zoneMinutes), NEARLY),
      ])
    const took = now() - at
    const names = await stores.names.of(
      topKeys.map(({ name }) => name),
      [],
    )
    return {
      traffic: trafficOf(series, at, zoneMinutes),
      latency: {
        turns: latencies.total.length,
        p50: percentile(latencies.total, 0.5),
        p95: percentile(latencies.total, 0.95),
        firstByteP50: percentile(latencies.firstByte, 0.5),
        firstByteP95: percentile(latencies.firstByte, 0.95),
      },
      topKeys: topKeys.map((one) => ({
        ...one,
        shown: names.keys.get(one.name) ?? (OWN_KEYS.has(one.name) ? one.name : undefined),
      })),
      topModels: topModels.map((one) => ({ ...one, shown: one.name })),
      attention: [
        ...(isSet ? [] : [problem('no_password', 1)]),
        ...(took > SLOW_MS ? [problem('database_slow', took)] : []),
        ...egressAttention(egress),
        ...errorAttention(errors, turns),
        ...keyAttention(keys, shares, at),
        ...jobAttention(jobs, at),
      ],
    }
  }

  function waiting(): readonly Attention[] {
    return [
      ...(ledger.waiting() > MANY_WAITING ? [problem('ledger_waiting', ledger.waiting())] : []),
      ...(ledger.dropped() > 0 ? [problem('ledger_dropped', ledger.dropped())] : []),
    ]
  }

  return {
    /** How it does now; without its database, what is known in memory. */
    async read(): Promise<Overview> {
      const at = now()
      const health = poolHealth(pool.members(), snapshot()?.accounts ?? [], at)
      const found = await stored(at).catch((cause: unknown) => {
        onFault(cause)
        return {
          ...unknown(at, settings().time_zone_minutes),
          attention: [problem('database_away', 1)],
        }
      })
      const attention = [...poolAttention(health), ...waiting(), ...found.attention]
      return {
        ...found,
        at,
        pool: health,
        attention: attention.toSorted((one, other) => rankOf(one) - rankOf(other)),
      }
    },
  }
}

export type OverviewService = ReturnType<typeof createOverview>

/** The gravest first; there the sort keeps what belongs together. */
const rankOf = ({ level }: Attention): number => Number(level === 'warn')

const LEVELS: Partial<Record<Attention['what'], Attention['level']>> = {
  database_slow: 'warn',
  ledger_waiting: 'warn',
}

const problem = (what: Attention['what'], count: number): Attention => ({
  ...{ what, count, about: '', path: '/admin/system' },
  level: LEVELS[what] ?? 'bad',
})

const unknown = (at: number, zoneMinutes: number) => ({
  traffic: trafficOf([], at, zoneMinutes),
  latency: {
    turns: 0,
    p50: undefined,
    p95: undefined,
    firstByteP50: undefined,
    firstByteP95: undefined,
  },
  topKeys: [],
  topModels: [],
})
