import type { LedgerUsage } from '../store/ledger-queries'
import { USAGE_BY } from '../store/ledger-queries'
import { type Command, parse, table, UsageError, wholeNumber } from './command'
import { dollars, namesOf } from './names'
import { withState } from './with-state'

const usage = 'usage [--days N] [--by key|account|model]'

const OPTIONS = { days: { type: 'string' }, by: { type: 'string' } } as const

const DAYS = 30
const HOURS_PER_DAY = 24
const HOUR_MS = 3_600_000

/** `groxy usage` */
export const usageCommand: Command = {
  usage,
  help: `From the hourly sums, which stay when turns are removed from the ledger; the most expensive first.

  --days N                 the last N times 24 hours (default ${DAYS})
  --by key|account|model   what to add up by (default: key)`,
  run(args) {
    const { values, words } = parse(args, OPTIONS, usage)
    const by = USAGE_BY.find((name) => name === (values.by ?? 'key'))
    if (!by || words.length > 0)
      throw new UsageError(
        `"${words[0] ?? values.by}" is nothing to add up by.`,
        `Usage: groxy ${usage}`,
      )
    const days = wholeNumber('days', values.days) ?? DAYS
    const from = Math.floor(Date.now() / HOUR_MS) - days * HOURS_PER_DAY
    return withState(async ({ stores }) => {
      const sums = await stores.ledger.usage(by, from)
      if (sums.length === 0) {
        console.info(`No turns in the last ${days} days.`)
        return 0
      }
      const names = await namesOf(stores)
      const known = by === 'model' ? undefined : names[`${by}s`]
      const rows = sums.map((sum) => rowOf(known?.get(sum.name) ?? (sum.name || '(none)'), sum))
      console.info(table([by.toUpperCase(), ...HEAD], [...rows, rowOf('TOTAL', totalOf(sums))]))
      return 0
    })
  },
}

const HEAD = [
  'TURNS',
  'FAILED',
  'LEFT',
  'INPUT',
  'CACHED',
  'OUTPUT',
  'REASONING',
  'MEAN MS',
  'COST',
]

const rowOf = (name: string, sum: LedgerUsage): readonly string[] => [
  name,
  ...[
    sum.turns,
    sum.failures,
    sum.gone,
    sum.inputTokens,
    sum.cachedTokens,
    sum.outputTokens,
    sum.reasoningTokens,
    Math.round(sum.totalMs / sum.turns),
  ].map(String),
  dollars(sum.costTicks),
]

const totalOf = (sums: readonly LedgerUsage[]): LedgerUsage =>
  sums.reduce((total, sum) => ({
    name: '',
    turns: total.turns + sum.turns,
    failures: total.failures + sum.failures,
    gone: total.gone + sum.gone,
    inputTokens: total.inputTokens + sum.inputTokens,
    cachedTokens: total.cachedTokens + sum.cachedTokens,
    outputTokens: total.outputTokens + sum.outputTokens,
    reasoningTokens: total.reasoningTokens + sum.reasoningTokens,
    costTicks: total.costTicks + sum.costTicks,
    totalMs: total.totalMs + sum.totalMs,
  }))
