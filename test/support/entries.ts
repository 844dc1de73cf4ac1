import type { LedgerBatch, LedgerEntry } from '#src/store/ledger'

/** A turn that went well. */
export const entry = (requestId: string, extra: Partial<LedgerEntry> = {}): LedgerEntry => ({
  at: 1_760_000_000_000,
  requestId,
  keyId: 'k',
  endpoint: 'chat.completions',
  model: 'm',
  attempts: 1,
  stream: false,
  status: 200,
  outcome: 'done',
  totalMs: 1,
  inputTokens: 2,
  cachedTokens: 0,
  outputTokens: 3,
  reasoningTokens: 0,
  usageSource: 'reported',
  ...extra,
})

/** Turns as they are written, under an id of their own. */
export const batchOf = (
  entries: readonly LedgerEntry[],
  id: string = crypto.randomUUID(),
): LedgerBatch => ({ id, at: Date.now(), entries, sums: [] })
