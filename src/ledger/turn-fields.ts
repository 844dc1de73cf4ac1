import type { LedgerEntry } from '../store/ledger'

/** What the log says of a finished turn. */
export const turnFields = (entry: LedgerEntry) => ({
  request: entry.requestId,
  key: entry.keyId,
  endpoint: entry.endpoint,
  model: entry.model.slice(0, 100),
  account: entry.accountId ?? undefined,
  attempts: entry.attempts,
  status: entry.status,
  outcome: entry.outcome,
  code: entry.errorCode ?? undefined,
  first_ms: entry.firstByteMs ?? undefined,
  ms: entry.totalMs,
  in: entry.inputTokens,
  out: entry.outputTokens,
})
