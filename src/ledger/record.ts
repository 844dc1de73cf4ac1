import type { Log } from '../log'
import type { LedgerEntry } from '../store/ledger'
import type { Metrics } from './metrics'
import type { LedgerQueue } from './queue'

interface RecordParts {
  readonly ledger: LedgerQueue
  readonly metrics: Metrics
  readonly log: Log
}

/** What becomes of a finished turn: it is written down, counted, and logged when it did not go well. */
export const createRecord =
  ({ ledger, metrics, log }: RecordParts) =>
  (entry: LedgerEntry): void => {
    ledger.push(entry)
    metrics.observe(entry)
    // What went well is in the ledger; the log tells what did not.
    const level = entry.outcome === 'done' ? 'debug' : 'info'
    if (log.writes(level)) log[level]('turn', turnFields(entry))
  }

const turnFields = (entry: LedgerEntry) => ({
  request: entry.requestId,
  key: entry.keyId,
  endpoint: entry.endpoint,
  model: entry.model.slice(0, 100),
  account: entry.accountId ?? undefined,
  attempts: entry.attempts,
  status: entry.status,
  outcome: entry.outcome,
  code: entry.errorCode ?? undefined,
  says: entry.attemptLog?.findLast(({ says }) => says)?.says,
  first_ms: entry.firstByteMs ?? undefined,
  ms: entry.totalMs,
  in: entry.inputTokens,
  out: entry.outputTokens,
})
