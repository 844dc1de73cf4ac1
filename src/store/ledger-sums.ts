import type { InStatement } from '@libsql/client/web'
import { adding } from './adding'
import { NOTHING, rollupsOf, SUMMED } from './ledger-rollups'
import type { LedgerEntry, LedgerSum } from './ledger-row'
import { snake } from './rows'

const HOUR_MS = 3_600_000

const FIELDS = ['hour', 'key_id', 'account_id', 'model', ...SUMMED.map(snake)]

const ADD = adding('ledger_hours', FIELDS, SUMMED.map(snake))

/** More sums than this are not kept apart by model: clients choose the names of models. */
const MOST_SUMS = 10_000
const LONGEST_MODEL = 200

/** What stands for the models of turns whose own name is not kept. */
export const OTHER_MODELS = '(other)'

/** Adds turns up, by hour, key, account and model. */
export function createSums() {
  const sums = new Map<string, { -readonly [K in keyof LedgerSum]: LedgerSum[K] }>()

  function sumOf(entry: LedgerEntry, model: string) {
    const accountId = entry.accountId ?? ''
    const hour = Math.floor(entry.at / HOUR_MS)
    const name = `${hour} ${entry.keyId} ${accountId} ${model}`
    const known = sums.get(name)
    if (known) return known
    if (sums.size >= MOST_SUMS && model !== OTHER_MODELS) return sumOf(entry, OTHER_MODELS)
    const sum = { ...NOTHING, hour, keyId: entry.keyId, accountId, model }
    sums.set(name, sum)
    return sum
  }

  return {
    add(entry: LedgerEntry): void {
      const sum = sumOf(entry, summedModel(entry))
      sum.turns++
      if (entry.outcome === 'failed' || entry.outcome === 'broken') sum.failures++
      if (entry.outcome === 'gone') sum.gone++
      sum.inputTokens += entry.inputTokens
      sum.cachedTokens += entry.cachedTokens
      sum.outputTokens += entry.outputTokens
      sum.reasoningTokens += entry.reasoningTokens
      sum.costTicks += entry.costTicks ?? 0
      sum.totalMs += entry.totalMs
    },

    /** Take at most so many sums out. */
    take(most: number): readonly LedgerSum[] {
      const taken: LedgerSum[] = []
      for (const [name, sum] of sums) {
        if (taken.length === most) break
        taken.push(sum)
        sums.delete(name)
      }
      return taken
    },

    size: (): number => sums.size,
  }
}

/** The statements that add sums to those of the database. */
export const additionsOf = (sums: readonly LedgerSum[]): InStatement[] => [
  ...ADD(
    sums.map((sum) => [
      sum.hour,
      sum.keyId,
      sum.accountId,
      sum.model,
      ...SUMMED.map((name) => sum[name]),
    ]),
  ),
  ...rollupsOf(sums),
]

/** Why turns end before anyone looks whether their model is served. */
const UNSEEN: ReadonlySet<unknown> = new Set([
  'model_not_found',
  'model_not_allowed',
  'rate_limit_exceeded',
  'daily_quota_exceeded',
  'insufficient_quota',
])

/** A name that nobody is known to serve may be a client's invention, of which there may be any number. */
const summedModel = ({ model, attempts, errorCode }: LedgerEntry): string =>
  attempts === 0 && UNSEEN.has(errorCode) ? OTHER_MODELS : model.slice(0, LONGEST_MODEL)
