import type { LedgerEntry } from '../store/ledger'
import { createExposition, type Labels } from './exposition'
import { type Histogram, newHistogram, observe } from './histogram'

/** What is measured when the metrics are asked for. */
export interface Gauges {
  readonly poolStates: () => Iterable<{
    readonly kind: string
    readonly state: string
    readonly count: number
  }>
  readonly queueDepth: () => number
  readonly inFlight: () => number
  readonly ledgerWaiting: () => number
  readonly ledgerDropped: () => number
  readonly saidWaiting: () => number
  readonly saidDropped: () => number
  readonly databaseUp: () => boolean
  readonly databaseWritable: () => boolean
  /** In milliseconds. */
  readonly snapshotAge: () => number
  /** What the process takes, where the platform tells. */
  readonly process?: (() => ProcessUse) | undefined
}

/** What a process takes of its machine. */
export interface ProcessUse {
  readonly residentBytes: number
  readonly cpuSeconds: number
  /** Seconds since 1970. */
  readonly startedAt: number
}

interface MetricsParts {
  readonly version: string
  /** Whether a model is in our list: any other name is a client's invention. */
  readonly isListed: (model: string) => boolean
  readonly gauges: Gauges
}

type Outcome = LedgerEntry['outcome']
const OUTCOMES: readonly Outcome[] = ['done', 'failed', 'broken', 'gone']

/** As OpenTelemetry's conventions for generative AI advise. */
const TOKEN_BOUNDS = Array.from({ length: 14 }, (_, power) => 4 ** power)
const DURATION_BOUNDS = Array.from({ length: 14 }, (_, power) => 2 ** power / 100)
const FIRST_TOKEN_BOUNDS = [
  0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
]

/** Models that have a series of their own. */
const MOST_MODELS = 100
const OTHER = 'other'
/** The kind of turns that no account was asked for. */
const NO_KIND = 'none'
const TICKS_PER_DOLLAR = 10_000_000_000

/** Everything that is counted for one kind, operation and model. */
interface Series {
  readonly kind: string
  readonly operation: string
  readonly model: string
  readonly turns: Record<Outcome, number>
  readonly durations: Record<Outcome, Histogram>
  readonly input: Histogram
  readonly output: Histogram
  readonly firstToken: Histogram
  attempts: number
  cached: number
  reasoning: number
  costTicks: number
}

/**
 * Counts turns as they end, and tells the counts to Prometheus under the names of OpenTelemetry's
 * conventions for generative AI where they have one. Of keys, accounts and requests nothing is told.
 */
export function createMetrics({ version, isListed, gauges }: MetricsParts) {
  /** By model, then kind and operation: looked up without making a text for each turn. */
  const models = new Map<string, Map<string, Map<string, Series>>>()

  function seriesOf({ model, kind, endpoint }: LedgerEntry): Series {
    const label = models.has(model) || isOwn(model) ? model : OTHER
    const kinds = mapIn(models, label)
    const operations = mapIn(kinds, kind ?? NO_KIND)
    const operation = OPERATIONS.get(endpoint) ?? OTHER
    const known = operations.get(operation)
    if (known) return known
    const series = newSeries(kind ?? NO_KIND, operation, label)
    operations.set(operation, series)
    return series
  }

  /** The map has room for one more, which is all others. */
  const isOwn = (model: string) => models.size < MOST_MODELS && isListed(model)

  const all = (): Series[] =>
    [...models.values()].flatMap((kinds) =>
      [...kinds.values()].flatMap((operations) => [...operations.values()]),
    )

  return {
    /** Count a finished turn. */
    observe(entry: LedgerEntry): void {
      const series = seriesOf(entry)
      series.turns[entry.outcome]++
      series.attempts += entry.attempts
      series.cached += entry.cachedTokens
      series.reasoning += entry.reasoningTokens
      series.costTicks += entry.costTicks ?? 0
      observe(series.durations[entry.outcome], entry.totalMs / 1000)
      if (entry.usageSource !== 'none') {
        observe(series.input, entry.inputTokens)
        observe(series.output, entry.outputTokens)
      }
      if (entry.stream && typeof entry.firstByteMs === 'number')
        observe(series.firstToken, entry.firstByteMs / 1000)
    },

    /** All metrics, in Prometheus' text format. */
    render(): string {
      const out = createExposition()
      const series = all()
      out.histograms(
        'gen_ai_client_token_usage',
        'Tokens of a turn; those of the output include reasoning.',
        series.flatMap((it) => [
          [{ ...genAi(it), gen_ai_token_type: 'input' }, it.input] as const,
          [{ ...genAi(it), gen_ai_token_type: 'output' }, it.output] as const,
        ]),
      )
      out.histograms(
        'gen_ai_client_operation_duration_seconds',
        'How long turns took; error_type is how those ended that did not go well.',
        series.flatMap((it) =>
          OUTCOMES.filter((outcome) => it.turns[outcome] > 0).map((outcome) => {
            const error = { error_type: outcome === 'done' ? '' : outcome }
            return [{ ...genAi(it), ...error }, it.durations[outcome]] as const
          }),
        ),
      )
      out.histograms(
        'gen_ai_server_time_to_first_token_seconds',
        'How long streams took to begin.',
        series.map((it) => [genAi(it), it.firstToken] as const),
      )
      out.numbers(
        'counter',
        'groxy_turns_total',
        'Finished turns.',
        series.flatMap((it) =>
          OUTCOMES.map((outcome) => [{ ...own(it), outcome }, it.turns[outcome]] as const),
        ),
      )
      out.numbers(
        'counter',
        'groxy_attempts_total',
        'Accounts that were asked for turns.',
        series.map((it) => [own(it), it.attempts] as const),
      )
      out.numbers(
        'counter',
        'groxy_tokens_total',
        'Tokens that gen_ai_client_token_usage does not tell apart.',
        series.flatMap((it) => [
          [{ ...own(it), type: 'cached' }, it.cached] as const,
          [{ ...own(it), type: 'reasoning' }, it.reasoning] as const,
        ]),
      )
      out.numbers(
        'counter',
        'groxy_cost_usd_total',
        'What turns cost, as far as it is known.',
        series.map((it) => [own(it), it.costTicks / TICKS_PER_DOLLAR] as const),
      )
      renderGauges(out, gauges)
      out.numbers('gauge', 'groxy_build_info', 'The version.', [[{ version }, 1]])
      return out.text()
    },
  }
}

export type Metrics = ReturnType<typeof createMetrics>

function renderGauges(out: ReturnType<typeof createExposition>, gauges: Gauges) {
  const one = (type: 'counter' | 'gauge', name: string, help: string, value: number) =>
    out.numbers(type, name, help, [[{}, value]])
  out.numbers(
    'gauge',
    'groxy_accounts',
    'Accounts by what they can do now.',
    [...gauges.poolStates()].map(({ kind, state, count }) => [{ kind, state }, count] as const),
  )
  one('gauge', 'groxy_inflight', 'Turns that are running.', gauges.inFlight())
  one('gauge', 'groxy_queue_depth', 'Turns that wait for an account.', gauges.queueDepth())
  one('gauge', 'groxy_ledger_waiting', 'Turns to be written down.', gauges.ledgerWaiting())
  one(
    'counter',
    'groxy_ledger_dropped_total',
    'Turns that are in the sums only, because the database was away too long.',
    gauges.ledgerDropped(),
  )
  one('gauge', 'groxy_said_waiting', 'What is to be stored of turns.', gauges.saidWaiting())
  one(
    'counter',
    'groxy_said_dropped_total',
    'What could not be stored of turns.',
    gauges.saidDropped(),
  )
  one('gauge', 'groxy_database_up', 'Whether it answers.', Number(gauges.databaseUp()))
  one(
    'gauge',
    'groxy_database_writable',
    'Whether it took the last writing.',
    Number(gauges.databaseWritable()),
  )
  one(
    'gauge',
    'groxy_snapshot_age_seconds',
    'How long ago the database last said that what turns go by is true.',
    Math.max(0, gauges.snapshotAge()) / 1000,
  )
  const use = gauges.process?.()
  if (!use) return
  one('gauge', 'process_resident_memory_bytes', 'Memory in use.', use.residentBytes)
  one('counter', 'process_cpu_seconds_total', 'Processor time used.', use.cpuSeconds)
  one('gauge', 'process_start_time_seconds', 'When the process began.', use.startedAt)
}

/** OpenTelemetry's names of what endpoints do. */
const OPERATIONS = new Map([
  ['chat.completions', 'chat'],
  ['responses', 'chat'],
  ['embeddings', 'embeddings'],
])

/** OpenTelemetry's names of providers, where they differ from our kinds. */
const PROVIDERS = new Map([['xai', 'x_ai']])

const own = ({ kind, model, operation }: Series): Labels => ({ kind, model, operation })

const genAi = ({ kind, model, operation }: Series): Labels => ({
  gen_ai_operation_name: operation,
  gen_ai_provider_name: PROVIDERS.get(kind) ?? kind,
  gen_ai_request_model: model,
})

function mapIn<K, V>(map: Map<string, Map<K, V>>, name: string): Map<K, V> {
  const known = map.get(name)
  if (known) return known
  const made = new Map<K, V>()
  map.set(name, made)
  return made
}

const newSeries = (kind: string, operation: string, model: string): Series => ({
  kind,
  operation,
  model,
  turns: { done: 0, failed: 0, broken: 0, gone: 0 },
  durations: {
    done: newHistogram(DURATION_BOUNDS),
    failed: newHistogram(DURATION_BOUNDS),
    broken: newHistogram(DURATION_BOUNDS),
    gone: newHistogram(DURATION_BOUNDS),
  },
  input: newHistogram(TOKEN_BOUNDS),
  output: newHistogram(TOKEN_BOUNDS),
  firstToken: newHistogram(FIRST_TOKEN_BOUNDS),
  attempts: 0,
  cached: 0,
  reasoning: 0,
  costTicks: 0,
})
